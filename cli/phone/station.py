"""Which trunk the phone speaks through, from which address, and whom it may call."""

import re
import socket
from dataclasses import dataclass, replace
from pathlib import Path

from campaigns.lists.schemas import CODES
from campaigns.rules.policy import SHORTEST, number_refusal
from cli.lines import tls_of, trunk_of
from cli.settings import Media, Settings
from cli.settings import Trunk as TrunkSettings
from dialer.trunks import Trunk
from kit.errors import Invalid, NotFound, Unavailable
from kit.phones import DIALABLE, NO_COUNTRY, PhoneError, parse
from kit.settings import load
from media.session import PortRange
from sip.tls import Tls


class NoSuchTrunk(NotFound):
    """The settings have no trunk of that name."""

    code = "no_such_trunk"


class NoRoute(Unavailable):
    """No address of this machine leads to the exchange; check its name and the network."""

    code = "no_route"


class NotCalled(Invalid):
    """This number is not called from here."""

    code = "not_called"


@dataclass(frozen=True, slots=True)
class Wish:
    """What was said on the command line. `host` None: a trunk of the settings in `config`, the first if not named."""

    config: Path
    trunk: str | None = None
    host: str | None = None
    port: int = 5060
    user: str | None = None
    password: str | None = None


@dataclass(frozen=True, slots=True)
class Station:
    """Where the phone stands. `host`: the address to send from; `extensions`: what may be called beside numbers."""

    trunk: Trunk
    host: str
    ports: PortRange
    advertise: str | None
    user_agent: str
    extensions: re.Pattern[str]
    tls: Tls | None = None


def station_of(wish: Wish) -> Station:
    """Raises SettingsError, NoSuchTrunk, NoRoute."""
    return _unlisted(wish, wish.host) if wish.host is not None else _listed(wish)


def at_trunk(settings: Settings, trunk: TrunkSettings) -> Station:
    """The phone where the service stands, but for the SIP port."""
    media = settings.media
    return Station(
        trunk_of(trunk),
        settings.sip.host,
        PortRange(media.host, media.port_min, media.port_max),
        media.advertise,
        settings.sip.user_agent,
        re.compile(trunk.extensions),
        tls_of(settings),
    )


def _listed(wish: Wish) -> Station:
    settings = load(Settings, wish.config)
    known = {trunk.name: trunk for trunk in settings.trunks}
    name = wish.trunk or settings.trunks[0].name
    if name not in known:
        raise NoSuchTrunk(f"{wish.config} has no trunk {name}; it has {', '.join(known)}.")
    station = at_trunk(settings, known[name])
    if wish.user is None:
        return station
    return replace(station, trunk=replace(station.trunk, username=wish.user, password=wish.password or ""))


def _unlisted(wish: Wish, host: str) -> Station:
    trunk = TrunkSettings(name="unlisted", host=host, port=wish.port)
    own, media = own_address(host, wish.port), Media()
    return Station(
        replace(trunk_of(trunk), username=wish.user or "", password=wish.password or ""),
        own,
        PortRange(own, media.port_min, media.port_max),
        None,
        "Ahize",
        re.compile(trunk.extensions),
    )


def own_address(host: str, port: int) -> str:
    """The address of this machine that packets to `host` leave from; nothing is sent. Raises NoRoute."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, kind) as probe:
            probe.connect(address)
            return str(probe.getsockname()[0])
    except OSError as error:
        raise NoRoute(
            f"{host} cannot be reached from here ({error.strerror}); check its name and the network."
        ) from None


def refuse_forbidden(number: str, extensions: re.Pattern[str]) -> None:
    """Raises NotCalled for what is neither an extension nor a whole number that the dial policy ever lets out."""
    if extensions.fullmatch(number):
        return
    if not DIALABLE.fullmatch(number):
        raise NotCalled("A number is + and 7 to 15 digits, like +905321000001: write it without spaces.")
    if len(number.lstrip("+")) < SHORTEST:
        raise NotCalled(CODES["emergency_or_short"] + " An extension must fit the trunk's `extensions`.")
    if not number.startswith("+"):
        raise NotCalled("Write the number with + and its country, like +905321000001.")
    reason = number_refusal(number, frozenset({_country(number)}))
    if reason is not None:
        raise NotCalled(CODES[reason.code])


def _country(number: str) -> str:
    try:
        return parse(number, NO_COUNTRY).country
    except PhoneError:
        return NO_COUNTRY
