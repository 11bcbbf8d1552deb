"""One trunk: its name, whether it answers, whether it takes our password, and how it sees this machine.

A running service is not disturbed: the questions go from a port of their own, and the account is proven by a REGISTER
without a Contact, which asks who is registered and changes nothing (RFC 3261 §10.2.3).
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from ipaddress import ip_address

from cli.doctor.finding import Finding, note, ok, problem
from cli.lines import tls_of, trunk_of
from cli.phone import words
from cli.phone.station import NoRoute, own_address
from cli.settings import Settings
from cli.settings import Trunk as TrunkSettings
from sip import headers as h
from sip.agent import UserAgent
from sip.letterhead import OWN_USER
from sip.listener import Listener, Peer
from sip.message import Request, Response
from sip.transport import Address
from sip.uri import Uri

PATIENCE_S = 5.0
CLOCKS_APART_S = 30.0
_WRONG = (401, 403, 407)
_NO_REGISTRAR = (405, 501)


async def look(settings: Settings, trunk: TrunkSettings, now: datetime) -> list[Finding]:
    """How one trunk stands; asks it at most for 5 s."""
    check = f"trunk {trunk.name}"
    unfit = _unfit(check, settings)
    if unfit is not None:
        return [unfit]
    heard: set[str] = set()
    agent = UserAgent(
        (settings.sip.host, 0),
        peers=lambda source: Peer(trunk.name) if source.host in heard else None,
        listener=Listener(),
        user_agent=settings.sip.user_agent,
        tls=tls_of(settings),
    )
    try:
        await agent.start()
    except OSError as error:
        return [problem(check, f"no socket on {settings.sip.host} ({error.strerror})", "see sip.host")]
    try:
        return await _Questions(settings, trunk, agent, heard, check, now).ask()
    finally:
        await agent.stop()


def _unfit(check: str, settings: Settings) -> Finding | None:
    try:
        everywhere = ip_address(settings.sip.host).is_unspecified
    except ValueError:
        everywhere = False
    if not everywhere:
        return None
    return problem(
        check, f"sip.host is {settings.sip.host}", "write the one address of this machine towards the exchange"
    )


@dataclass(frozen=True, slots=True)
class _Questions:
    """What one trunk is asked. `heard`: addresses whose answers are taken; `now`: the wall time."""

    settings: Settings
    trunk: TrunkSettings
    agent: UserAgent
    heard: set[str]
    check: str
    now: datetime

    async def ask(self) -> list[Finding]:
        trunk = self.trunk
        try:
            async with asyncio.timeout(PATIENCE_S):
                to = await self.agent.resolve(trunk.host, trunk.port, trunk.transport)
        except (OSError, TimeoutError):
            return [problem(self.check, f"the name {trunk.host} has no address", "check its host, and the name server")]
        self.heard.add(to.host)
        own = self._route(to)
        if own is not None:
            return [own]
        alive, known = await asyncio.gather(self._asked(self._options(to), to), self._account(to))
        answer = alive or known
        where = f"{to.host}:{to.port}"
        if answer is None:
            mend = "check host and port, the firewall, and that the exchange runs"
            return [problem(self.check, f"{where} does not answer", mend)]
        said = [*self._seen_as(answer), *self._clock(known or answer)]
        return [ok(self.check, f"{where} answers"), *self._judged(known), *said]

    def _route(self, to: Address) -> Finding | None:
        """Packets from sip.host must be able to leave towards the exchange."""
        sip_host = self.settings.sip.host
        try:
            own = own_address(to.host, to.port)
        except NoRoute:
            return problem(self.check, f"no way leads from here to {to.host}", "check the network and the trunk's host")
        if sip_host != own and ip_address(own).is_loopback != _is_loopback(sip_host):
            return problem(
                self.check, f"{to.host} cannot be reached from {sip_host}", f"set sip.host, and media.host, to {own}"
            )
        return None

    # ------------------------------------------------------------ questions

    def _options(self, to: Address) -> Request:
        target = str(Uri("sip", to.host, port=to.port))
        return self.agent.letterhead.new_request("OPTIONS", target, target, self.agent.letterhead.contact_uri)

    async def _account(self, to: Address) -> Response | None:
        """The answer to "who is registered?"; None also when there is no account to prove."""
        trunk = self.trunk
        if not trunk.username:
            return None
        registrar = str(Uri("sip", trunk.host, port=trunk.port))
        address = str(Uri("sip", trunk.host, trunk.username))
        request = self.agent.letterhead.new_request("REGISTER", registrar, address, address)
        del request.headers["contact"]
        return await self._asked(request, to)

    async def _asked(self, request: Request, to: Address) -> Response | None:
        credentials = self.agent.credentials(trunk_of(self.trunk).account)
        try:
            async with asyncio.timeout(PATIENCE_S):
                return (await self.agent.ask(request, to, credentials))[1]
        except TimeoutError:
            return None

    # ------------------------------------------------------------ what the answers mean

    def _judged(self, response: Response | None) -> list[Finding]:
        if not self.trunk.username:
            return []
        check = f"account of {self.trunk.name}"
        if response is None:
            return [
                problem(check, "a question for the account got no answer", "see that the exchange takes registrations")
            ]
        return [self._account_stands(check, response)]

    def _account_stands(self, check: str, response: Response) -> Finding:
        status, user = response.status, self.trunk.username
        if status == 200:
            proven = "the password is right" if response.cseq.number > 1 else "no password was asked for"
            return ok(check, f"{user} is known, {proven}; {self._bindings(response)}")
        if status in _WRONG:
            why = words.challenge(response, self.agent.credentials(trunk_of(self.trunk).account))
            return problem(check, f"{why} ({status})", "see the trunk's username, password and realm")
        if status == 404:
            return problem(check, f"the exchange knows no {user} (404)", "see the trunk's username")
        if status in _NO_REGISTRAR and self.trunk.register_:
            return problem(
                check, f"the exchange takes no registrations ({status})", "set the trunk's register to false"
            )
        return note(
            check, f"the password was not proven ({status} {response.reason})", "`ahize phone register` proves it"
        )

    def _bindings(self, response: Response) -> str:
        """Who is registered now, and whether this service is."""
        places = response.values("contact")
        sip, transport = self.settings.sip, self.trunk.transport
        port = (transport == "tls" and sip.tls_port) or sip.port
        own = h.contact_uri(OWN_USER, sip.advertise or sip.host, port, transport)
        ours = any(h.parse_name_addr(place).uri == own for place in places)
        known = f"{len(places)} registered there" if places else "nobody is registered there"
        return f"{known}, this service among them" if ours else known

    def _seen_as(self, response: Response) -> list[Finding]:
        """The exchange says where our packets came from (RFC 3581 §4): the sound must be asked for there."""
        seen, sip, media = response.via.params.get("received"), self.settings.sip, self.settings.media
        told = {"calls": sip.advertise or sip.host, "sound": media.advertise or media.host}
        if seen is None or set(told.values()) == {seen}:
            return []
        check = f"address towards {self.trunk.name}"
        wrong = " and ".join(f"{what} to {address}" for what, address in told.items() if address != seen)
        found = f"the exchange sees this machine as {seen}, and is told to send {wrong}"
        if sip.advertise is None or media.advertise is None:
            return [problem(check, found, f"set sip.advertise and media.advertise to {seen}")]
        return [
            note(check, found, "see sip.advertise and media.advertise when calls do not come or one side is silent")
        ]

    def _clock(self, response: Response) -> list[Finding]:
        """An exchange that says what time it is (RFC 3261 §20.17) shows whose clock is wrong."""
        try:
            theirs = parsedate_to_datetime(response.get("date") or "")
            apart = (self.now - theirs).total_seconds()
        except (ValueError, TypeError):
            return []
        if abs(apart) <= CLOCKS_APART_S:
            return []
        found = f"this machine's is {abs(apart):.0f} s {'ahead' if apart > 0 else 'behind'}"
        return [problem(f"clock of {self.trunk.name}", found, "set the one that is wrong, by NTP")]


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
