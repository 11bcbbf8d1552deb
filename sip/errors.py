"""What can go wrong on the line.

SipError
├── LocalError              we asked for something that may not be sent or done
│   ├── UnsafeField         a field holds CR, LF or NUL
│   ├── BadNumber           not a number that may be dialed
│   ├── WrongState          the call or transaction is past that
│   └── BadTlsFiles         a certificate, key or file of authorities that cannot be used
└── RemoteError             what came from outside is not right
    ├── BadMessage          cannot be read; `status` is what a request is answered with
    │   └── BadVersion      not SIP/2.0 (505)
    ├── BadStream           a connection that does not carry SIP: it is closed
    ├── Refused             a request that is understood and not served; `status` is its answer
    ├── BadSdp              a session description that cannot be used
    └── ChallengeRefused    a challenge that this account does not answer
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sip.message import Message


class SipError(Exception):
    """Anything that goes wrong in this room."""


class LocalError(SipError):
    """We asked for something that may not be sent or done."""


class UnsafeField(LocalError):
    """A field holds CR, LF or NUL: leave the value out, it is never sent."""


class BadNumber(LocalError):
    """A number to dial is an optional + and 3 to 15 digits."""


class WrongState(LocalError):
    """The call or transaction is past that."""


class BadTlsFiles(LocalError):
    """A certificate, key or file of authorities cannot be used: look at the files that the settings name."""


class RemoteError(SipError):
    """What came from outside is not right."""


class BadMessage(RemoteError):
    """A message that cannot be read. `status`: what a request is answered with. `message`: what was understood."""

    status = 400

    def __init__(self, why: str, message: Message | None = None) -> None:
        super().__init__(why)
        self.message = message


class BadVersion(BadMessage):
    """Not SIP/2.0."""

    status = 505


class BadStream(RemoteError):
    """What comes by a connection is not SIP, or has no end: the connection is closed."""


class Refused(RemoteError):
    """A request that is understood and not served. `status`: what it is answered with."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class BadSdp(RemoteError):
    """A session description that cannot be used."""


class ChallengeRefused(RemoteError):
    """A challenge that this account does not answer: a foreign realm, or only algorithms that are too weak."""
