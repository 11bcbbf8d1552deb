"""Where somebody with a name is reached: at one of its addresses until that one is silent, then at the next
(RFC 3263 §4.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sip.transport import Address

if TYPE_CHECKING:
    from sip.agent import UserAgent

FORMER_S = 12 * 3600.0
"""Seconds for which an address that a name had is still its own: calls that came or went there may last a shift."""
_MOST_FORMER = 64


class Whereabouts:
    """`address`: where to send to now; None: not found yet."""

    def __init__(self, agent: UserAgent, host: str, port: int, transport: str = "udp") -> None:
        self.address: Address | None = None
        self._agent = agent
        self._asked = host, port, transport
        self._hosts: frozenset[str] = frozenset()
        self._former: dict[str, float] = {}
        self._is_silent = False

    def owns(self, host: str) -> bool:
        """Whether this IP address is one of the name's, or was a while ago."""
        return host in self._hosts or self._agent.now() < self._former.get(host, 0.0)

    async def find(self) -> Address:
        """Look the name up again. What was known stays when the name server fails; OSError when nothing was."""
        try:
            found = await self._agent.addresses(*self._asked)
        except OSError:
            if self.address is None:
                raise
            return self.address
        self._remember(frozenset(address.host for address in found))
        address = self.address = self._choose(found)
        self._is_silent = False
        return address

    def _remember(self, hosts: frozenset[str]) -> None:
        """The name has these addresses now; of the former ones only the latest are kept."""
        until = self._agent.now() + FORMER_S
        former = {**self._former, **dict.fromkeys(self._hosts, until)}
        kept = sorted((host for host in former if host not in hosts), key=former.__getitem__)[-_MOST_FORMER:]
        self._former = {host: former[host] for host in kept}
        self._hosts = hosts

    def _choose(self, found: list[Address]) -> Address:
        if self.address is None or self.address not in found:
            return found[0]
        return found[(found.index(self.address) + self._is_silent) % len(found)]

    def missed(self) -> None:
        """Nobody answered there, or nothing could be sent: `find` gives the next address."""
        self._is_silent = True
