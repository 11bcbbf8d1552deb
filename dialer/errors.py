"""What can go wrong in the engine.

kit.errors.AhizeError
├── Conflict (409)
│   ├── NotSignedIn      the operator's phone is not connected
│   ├── NotYourCall      the call is not with this operator
│   ├── OperatorNotReady the colleague cannot be given a call now
│   ├── NoTransfer       nobody is being called to take the call over, or somebody is already
│   ├── AlreadyListening the supervisor listens to another call
│   ├── KeysNotTaken     the customer's line knows no keys
│   ├── CannotMonitor    nobody talks there, or another supervisor listens
│   └── Draining         the engine takes nothing new any more
├── Forbidden (403)
│   └── PhoneRefused     the rules do not let this extension be called
└── WrongTurn (500)      a life was told an event that its state does not know: our own fault
"""

from kit.errors import AhizeError, Conflict, Forbidden


class NotSignedIn(Conflict):
    """Your phone is not connected; sign in first."""

    code = "not_signed_in"


class NotYourCall(Conflict):
    """This call is not with you any more."""

    code = "not_your_call"


class OperatorNotReady(Conflict):
    """This colleague is not ready for a call of this project; choose another, or wait."""

    code = "operator_not_ready"


class NoTransfer(Conflict):
    """This call is not being handed on like that now; look at it again."""

    code = "no_transfer"


class AlreadyListening(Conflict):
    """You listen to another call, or your phone waits for calls; stop that first."""

    code = "already_listening"


class KeysNotTaken(Conflict):
    """The customer's line takes no keys; allow telephone-event (RFC 4733) on the trunk."""

    code = "keys_not_taken"


class CannotMonitor(Conflict):
    """Nobody can listen to this call now: the talk is held or over, or another supervisor listens."""

    code = "cannot_monitor"


class Draining(Conflict):
    """The service is being stopped and takes nothing new; sign in again when it is back."""

    code = "draining"


class PhoneRefused(Forbidden):
    """This extension may not be called; ask an administrator to allow it in the trunk's settings."""

    code = "phone_refused"


class WrongTurn(AhizeError):
    """A state was told an event that it does not know."""

    code = "wrong_turn"

    def __init__(self, state: str, event: str) -> None:
        super().__init__(f"{event} is not known in the state {state}; add it to TRANSITIONS or do not send it")
        self.state, self.event = state, event
