"""Where somebody with a name is reached: at one of its addresses until that one is silent, then at the next
(RFC 3263 §4.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sip.transport import Address

if TYPE_CHECKING:
    from sip.agent import UserAgent


class Whereabouts:
    """`address`: where to send to now; None: not found yet."""

    def __init__(self, agent: UserAgent, host: str, port: int, transport: str = "udp") -> None:
        self.address: Address | None = None
        self._agent = agent
        self._asked = host, port, transport
        self._hosts: frozenset[str] = frozenset()
        self._is_silent = False

    def owns(self, host: str) -> bool:
        """Whether this IP address is one of the name's."""
        return host in self._hosts

    async def find(self) -> Address:
        """Look the name up again. What was known stays when the name server fails; OSError when nothing was."""
        try:
            found = await self._agent.addresses(*self._asked)
        except OSError:
            if self.address is None:
                raise
            return self.address
        self._hosts = frozenset(address.host for address in found)
        address = self.address = self._choose(found)
        self._is_silent = False
        return address

    def _choose(self, found: list[Address]) -> Address:
        if self.address is None or self.address not in found:
            return found[0]
        return found[(found.index(self.address) + self._is_silent) % len(found)]

    def missed(self) -> None:
        """Nobody answered there, or nothing could be sent: `find` gives the next address."""
        self._is_silent = True
