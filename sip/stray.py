"""Answers that nobody wants any more: a 200 after CANCEL, of another fork, or to an INVITE of a process that died."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sip.dialog import Dialog
from sip.message import Response
from sip.timers import TIMEOUT
from sip.transport import Address

if TYPE_CHECKING:
    from sip.agent import UserAgent
    from sip.digest import Credentials


class StrayDialog:
    """One such dialog: acknowledged and hung up at once; a repeated 200 is only acknowledged (RFC 3261 §13.2.2.4)."""

    __slots__ = ("_ack", "_agent", "_to", "key")

    def __init__(self, agent: UserAgent, dialog: Dialog) -> None:
        self._agent = agent
        self.key = dialog.key
        self._to = dialog.next_hop()
        self._ack = agent.letterhead.ack(dialog, dialog.local_cseq)

    @classmethod
    def end(cls, agent: UserAgent, response: Response, fallback: Address, credentials: Credentials | None) -> None:
        """ACK; and BYE if this dialog was not seen before."""
        known = agent.core.strays.get((response.call_id, response.from_tag, response.to_tag))
        if known is not None:
            known.acknowledge()
            return
        dialog = Dialog.of_response(response, fallback)
        stray = cls(agent, dialog)
        agent.core.strays[stray.key] = stray
        agent.timers.set(agent.now() + TIMEOUT, stray, 0)
        stray.acknowledge()
        agent.send(dialog.request("BYE", dialog.next_cseq()), dialog.next_hop(), credentials)

    def acknowledge(self) -> None:
        self._agent.write(self._ack, self._to)

    def on_timer(self, event: int, now: float) -> None:
        """The other side has stopped repeating: forget it."""
        self._agent.core.strays.pop(self.key, None)
