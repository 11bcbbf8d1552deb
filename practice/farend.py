"""One call as the practice exchange has it: signalling, sound, log lines and the script that runs in it."""

import asyncio
from collections.abc import Callable

from media.session import Leg
from practice.log import CallLog
from practice.sdp import described, written
from practice.voices import Voice
from sip.call import Call
from sip.server_call import ServerCall


class FarEnd:
    """`kind`: "customer", "phone" or "caller"; `number`: the outside number or the extension; `leg` opens
    one.

    The one place where a call's log lines are written, so that each is written once.
    """

    def __init__(self, call: Call, kind: str, number: str, leg: Callable[[], Leg], log: CallLog) -> None:
        self.call, self.kind, self.number = call, kind, number
        self._open, self._log = leg, log
        self._leg: Leg | None = None
        self._answered = self._over = False
        self.task: asyncio.Task[None] | None = None

    def note(self, event: str, *, status: int | None = None, by: str | None = None, cause: str | None = None) -> None:
        call_id = self.call.call_id
        self._log.write(event, call_id=call_id, kind=self.kind, number=self.number, status=status, by=by, cause=cause)

    # ------------------------------------------------------------ a call that came

    def ring(self) -> None:
        if isinstance(self.call, ServerCall):
            self.call.ring()
            self.note("ringing", status=180)

    def refuse(self, status: int) -> None:
        """A final refusal, logged; the end of the call."""
        self._over = True
        self.note("refused", status=status, by="exchange")
        if isinstance(self.call, ServerCall):
            self.call.refuse(status)

    def answer(self) -> Voice:
        """200 with our sound. Raises `media.errors.MediaError`, `sip.errors.SipError`."""
        leg = self._leg = self._open()
        answer = written(leg.answer(described(self.call.remote_sdp)))
        self._answered = True
        self.note("answered", status=200)
        if isinstance(self.call, ServerCall):
            self.call.answer(answer)
        return Voice(leg)

    # ------------------------------------------------------------ a call that we placed

    def place(self, leg: Leg) -> None:
        """The INVITE has left, with the offer of `leg`."""
        self._leg = leg
        self.note("invite")

    def connected(self) -> Voice:
        """The service answered. Raises `media.errors.MediaError`, `sip.errors.SipError`."""
        if self._leg is None:
            raise RuntimeError("a call that was never placed cannot be answered")
        self._leg.accept(described(self.call.remote_sdp))
        self._answered = True
        self.note("answered", status=200)
        return Voice(self._leg)

    # ------------------------------------------------------------ later

    def reoffer(self, offer: bytes) -> bytes | None:
        """The answer to a re-INVITE; None: as before."""
        if self._leg is None or not offer:
            return None
        return written(self._leg.answer(described(offer)))

    def hang_up(self) -> None:
        self.call.hang_up()

    def failed(self, status: int) -> None:
        """A call of ours came to nothing."""
        self._finish()
        self.note("refused", status=status, by="service")

    def ended(self, by_us: bool, cause: str) -> None:
        """The signalling is over, however it went."""
        told = self._over
        self._finish()
        if not told:
            event = "ended" if self._answered else "cancelled"
            self.note(event, by="exchange" if by_us else "service", cause=cause)

    def _finish(self) -> None:
        self._over = True
        if self.task is not None:
            self.task.cancel()
        if self._leg is not None:
            self._leg.close()
