"""The telephone lines of the settings."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from cli.settings import Settings
from dialer.lines import SipLines
from dialer.trunks import Trunk
from kit.clock import SystemClock
from kit.errors import Unavailable
from media.session import PortRange


class SipPortTaken(Unavailable):
    """The address for SIP cannot be had; choose another sip.host or sip.port."""

    code = "sip_port_taken"


@asynccontextmanager
async def lines_of(settings: Settings) -> AsyncGenerator[SipLines]:
    """Lines that register and take calls while the block runs. Raises SipPortTaken."""
    lines = SipLines(
        _trunks(settings),
        SystemClock(),
        ports=PortRange(settings.media.host, settings.media.port_min, settings.media.port_max),
        bind=(settings.sip.host, settings.sip.port),
        media_advertise=settings.media.advertise,
        user_agent=settings.sip.user_agent,
        language=settings.media.language,
    )
    try:
        await lines.start()
    except OSError as error:
        raise SipPortTaken() from error
    try:
        yield lines
    finally:
        await lines.stop()


def _trunks(settings: Settings) -> tuple[Trunk, ...]:
    return tuple(
        Trunk(
            name=trunk.name,
            host=trunk.host,
            port=trunk.port,
            username=trunk.username,
            password=trunk.password.get_secret_value(),
            realm=trunk.realm,
            register=trunk.register_,
            min_digest=trunk.min_digest,
            channels=trunk.channels,
            cps=trunk.calls_per_second,
        )
        for trunk in settings.trunks
    )
