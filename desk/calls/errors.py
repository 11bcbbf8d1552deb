"""What can go wrong with a call at the desk.

Forbidden ── NotYourCall
Conflict ─── NotConnected, DisposedOtherwise, CallOver
Invalid ──── WrongDisposition
"""

from kit.errors import Conflict, Forbidden, Invalid


class NotYourCall(Forbidden):
    """This call is a colleague's; ask a supervisor if its result must be set."""

    code = "not_your_call"


class NotConnected(Conflict):
    """This call never reached an operator, so it has no result to give."""

    code = "not_connected"


class DisposedOtherwise(Conflict):
    """This call has another result already; load it again to see which."""

    code = "disposed_otherwise"


class CallOver(Conflict):
    """This call has ended already."""

    code = "call_over"


class WrongDisposition(Invalid):
    """This result cannot be given like that; see which field is wrong."""

    code = "wrong_disposition"
