"""What can go wrong with an operator's state.

Conflict ── NoExtension
"""

from kit.errors import Conflict


class NoExtension(Conflict):
    """You have no phone yet; ask an administrator to give you an extension."""

    code = "no_extension"
