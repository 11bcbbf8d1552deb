"""Trunks as they are configured, and whether they are there: by registration, or by OPTIONS without one."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from dialer.line_events import TrunkState
from dialer.shapes import Reason
from kit import log
from kit.tasks import Tasks
from media.session import Encryption
from sip.agent import Account, UserAgent
from sip.errors import SipError
from sip.listener import Peer, RegistrationState
from sip.registration import Registration
from sip.transport import Address
from sip.whereabouts import Whereabouts

_log = log.get("dialer.trunks")
HEALTH_S = 20.0
_RESOLVE_S = 30.0
_PATIENCE_S = 5.0
_NO_ANSWER = 408
_NOT_SENT = 503
_ADVICE = {
    "no_address": "the trunk's name has no address: check its host in the settings, and the name server",
    "no_answer": "the trunk does not answer: check its host and port in the settings, and that the exchange runs",
    "registration_refused": "the trunk refused us: check its username, password and realm in the settings",
}


@dataclass(frozen=True, slots=True)
class Trunk:
    """One way to the telephone network.

    `host` may be a name: of its addresses one is used until it is silent, then the next. `peers` are further IP
    addresses that its calls come from. `channels`: calls at once; `cps`: new calls a second, 0 without limit.
    `weight`: its share of the calls of campaigns that name no trunk, beside the others' weights; 0: none of them.
    `transport`: "udp", "tcp" or "tls". `srtp`: whether sound is encrypted. `transfer`: whether its phones may move
    calls by REFER. `trusted`: whether what it asserts of a caller is believed (RFC 3325).
    """

    name: str
    host: str
    port: int = 5060
    username: str = ""
    password: str = field(default="", repr=False)
    realm: str | None = None
    channels: int = 30
    cps: float = 10.0
    weight: int = 1
    register: bool = True
    min_digest: str = "md5"
    peers: tuple[str, ...] = ()
    srtp: Encryption = Encryption.OFF
    transport: str = "udp"
    transfer: bool = False
    trusted: bool = True

    @property
    def account(self) -> Account | None:
        """What it takes to be let in; None: the address is enough."""
        if not self.username:
            return None
        return Account(
            self.name,
            self.host,
            self.port,
            self.username,
            self.password,
            realm=self.realm,
            min_digest=self.min_digest,
            refresh=HEALTH_S,
            transport=self.transport,
        )


class TrunkWatch:
    """One trunk's address and health. `on_moved(state)` is called when it comes up or goes down."""

    def __init__(self, trunk: Trunk, on_moved: Callable[["TrunkWatch"], None]) -> None:
        self.trunk = trunk
        self.in_use = 0
        self.up = False
        self.reason = Reason("starting")
        self._on_moved = on_moved
        self._where: Whereabouts | None = None
        self._registration: Registration | None = None

    @property
    def address(self) -> Address | None:
        """Where calls go to now; None: not found yet."""
        return None if self._where is None else self._where.address

    @property
    def state(self) -> TrunkState:
        trunk = self.trunk
        return TrunkState(trunk.name, self.up, self.reason, trunk.channels, self.in_use, trunk.cps, trunk.weight)

    def owns(self, source: Address) -> bool:
        """Whether packets from this IP address are the trunk's: of a trunk by TLS only those that came by TLS, as
        everything else can be forged."""
        if self.trunk.transport == "tls" and source.transport != "tls":
            return False
        return source.host in self.trunk.peers or (self._where is not None and self._where.owns(source.host))

    def start(self, agent: UserAgent, tasks: Tasks) -> None:
        """Find the address, then register or ask after it, for ever."""
        tasks.spawn(self._watch(agent), "trunk_watch")

    async def _watch(self, agent: UserAgent) -> None:
        trunk = self.trunk
        where = self._where = Whereabouts(agent, trunk.host, trunk.port, trunk.transport)
        while not await self._find(where):  # noqa: ASYNC110  a name server is only ever asked again
            await asyncio.sleep(_RESOLVE_S)
        if trunk.register and trunk.account is not None:
            self._move(False, Reason("registering"))
            self._registration = agent.register(trunk.account, self._registered, where)
            return
        while True:
            await self._ask(agent, where)
            await asyncio.sleep(HEALTH_S if self.up else HEALTH_S / 4)

    async def _find(self, where: Whereabouts) -> bool:
        try:
            await where.find()
        except OSError:
            self._move(False, Reason("no_address", {"host": self.trunk.host}))
            return False
        return True

    async def _ask(self, agent: UserAgent, where: Whereabouts) -> None:
        try:
            status = await asyncio.wait_for(agent.options(await where.find()), _PATIENCE_S)
        except (TimeoutError, SipError, OSError):
            status = _NO_ANSWER
        if status in (_NO_ANSWER, _NOT_SENT):
            where.missed()
            self._move(False, Reason("no_answer"))
        else:
            self._move(True, Reason("answers", {"status": status}))

    def _registered(self, state: RegistrationState) -> None:
        if state.up:
            self._move(True, Reason("registered"))
        elif state.reason == "stopped":
            self._move(False, Reason("stopped"))
        elif state.status == 0:
            self._move(False, Reason("no_answer"))
        else:
            self._move(False, Reason("registration_refused", {"status": state.status}))

    def _move(self, up: bool, reason: Reason) -> None:
        if (up, reason) == (self.up, self.reason):
            return
        self.up, self.reason = up, reason
        shown = {"trunk": self.trunk.name, "state": "up" if up else "down", "reason": reason.code, **reason.values}
        if reason.code in _ADVICE:
            _log.warning(_ADVICE[reason.code], **shown)
        else:
            _log.info("the trunk changed", **shown)
        self._on_moved(self)


def peer_of(watches: list[TrunkWatch], source: Address) -> Peer | None:
    """The trunk that packets from here by this transport belong to, for the user agent; None: a stranger."""
    found = next((w for w in watches if w.owns(source)), None)
    if found is None:
        return None
    return Peer(found.trunk.name, transfer=found.trunk.transfer, trusted=found.trunk.trusted)
