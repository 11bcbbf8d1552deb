"""What goes wrong while campaigns and lists are set up.

NotFound ────── of kit
Invalid ─────── CampaignIncomplete, ListProblem      422
Conflict ────── NameTaken, NumberTaken, WrongState   409
TooLarge ────── UploadTooLarge                       413
AhizeError ──── StaleVersion 412, NoVersion 428, NotMultipart 415, UploadStalled 408
"""

from kit.errors import AhizeError, Conflict, Invalid, TooLarge


class CampaignIncomplete(Invalid):
    """The campaign cannot run yet; complete what is listed."""

    code = "campaign_incomplete"


class NameTaken(Conflict):
    """Another one has this name already; choose a different one."""

    code = "name_taken"


class NumberTaken(Conflict):
    """This number leads to another project already; take it from there first."""

    code = "number_taken"


class WrongState(Conflict):
    """The campaign is in a state that does not allow this; load it again."""

    code = "wrong_state"


class StaleVersion(AhizeError):
    """Somebody changed this meanwhile; load it again and repeat your change."""

    code = "stale_version"
    status = 412


class NoVersion(AhizeError):
    """Send If-Match with the ETag that you loaded, so that nobody's change is lost."""

    code = "no_version"
    status = 428


class ListProblem(Invalid):
    """This file cannot be taken as a call list."""

    code = "list_problem"


class UploadTooLarge(TooLarge):
    """The file is larger than allowed; split it into several lists."""

    code = "upload_too_large"


class NotMultipart(AhizeError):
    """Send the file as multipart/form-data, not compressed, with its parts named file and campaign."""

    code = "not_multipart"
    status = 415


class UploadStalled(AhizeError):
    """The upload stopped on its way; send it again."""

    code = "upload_stalled"
    status = 408
