"""One request of ours outside an INVITE, with its challenge answered (RFC 3261 §22)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sip.digest import Credentials
from sip.errors import SipError
from sip.machine import Transaction
from sip.message import Request, Response
from sip.transport import Address

if TYPE_CHECKING:
    from sip.agent import UserAgent

Done = Callable[[int, Response | None], None]
"""Final status and response; 408 and None: nobody answered; 503 and None: it could not be sent."""

MAX_ANSWERS = 2
"""How many challenges in a row are answered: one, and one more for a stale nonce."""


def authorized(
    request: Request, response: Response, credentials: Credentials | None, answers: int
) -> tuple[str, str] | None:
    """The header that answers a challenge, or None: there is no answer to give."""
    if response.status not in (401, 407) or credentials is None or answers >= MAX_ANSWERS:
        return None
    if answers and not credentials.is_stale(response):
        return None
    try:
        return credentials.answer(response, request.method, request.uri)
    except SipError:  # refused, or a challenge that would not be safe to repeat
        return None


class Exchange:
    """`send` sends `request` (without Via) and tells `done` once. `number`: gives the CSeq of the repeat after a
    challenge, where a dialog counts; None: the next one."""

    __slots__ = ("_agent", "_answers", "_credentials", "_done", "_number", "_request", "_to")

    def __init__(
        self,
        agent: UserAgent,
        request: Request,
        to: Address,
        done: Done,
        credentials: Credentials | None = None,
        number: Callable[[], int] | None = None,
    ) -> None:
        self._agent = agent
        self._request = request
        self._to = to
        self._done = done
        self._credentials = credentials
        self._number = number
        self._answers = 0

    def send(self) -> None:
        if self._request.method == "CANCEL":  # its Via is the INVITE's
            self._agent.transactions.request(self._request, self._to, self, self._agent.now())
        else:
            self._agent.begin(self._request, self._to, self)

    def on_response(self, transaction: Transaction, response: Response, now: float) -> None:
        if response.status < 200:
            return
        header = authorized(self._request, response, self._credentials, self._answers)
        if header is None:
            self._done(response.status, response)
            return
        self._answers += 1
        self._request = with_credentials(self._request, header, self._number() if self._number is not None else None)
        self.send()

    def on_timeout(self, transaction: Transaction, now: float) -> None:
        self._done(408, None)

    def on_transport_error(self, transaction: Transaction, now: float) -> None:
        self._done(503, None)


def unheeded(_status: int, _response: Response | None) -> None:
    """Nobody waits for this answer."""


def with_credentials(request: Request, header: tuple[str, str], number: int | None = None) -> Request:
    """The same request again with this header and CSeq, or the next one (§8.1.3.5), its Via still to be stamped."""
    again = renumbered(request, number)
    again.headers[header[0]] = [header[1]]
    return again


def renumbered(request: Request, number: int | None = None) -> Request:
    """The same request as a new one: with this CSeq, or the next."""
    fields = dict(request.headers)
    fields["cseq"] = [f"{number or request.cseq.number + 1} {request.method}"]
    return Request(request.method, request.uri, fields, request.body)
