"""What can go wrong with a recording.

Conflict ── NothingRecorded, Damaged
"""

from kit.errors import Conflict


class NothingRecorded(Conflict):
    """There is no sound of this recording yet, or none was kept; its state says why."""

    code = "nothing_recorded"


class Damaged(Conflict):
    """This recording is not as it was written; look who can reach the folder of recordings."""

    code = "recording_damaged"
