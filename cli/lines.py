"""The telephone lines of the settings."""

import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from cli import settings as config
from cli.settings import Settings
from dialer.lines import SipLines
from dialer.trunks import Trunk
from kit.clock import SystemClock
from kit.errors import Unavailable
from media.errors import NoSoundProcess
from media.session import Encryption, PortRange
from sip.errors import BadTlsFiles
from sip.tls import Tls


class SipPortTaken(Unavailable):
    """The address for SIP cannot be had; choose another sip.host or sip.port."""

    code = "sip_port_taken"


class NoSipCertificate(Unavailable):
    """The files for TLS cannot be used; look at sip.tls_ca, sip.tls_certificate and sip.tls_key."""

    code = "no_sip_certificate"


class NoMediaAddress(Unavailable):
    """Sound cannot be received on media.host; write an address of this machine there."""

    code = "no_media_address"


class NoSoundProcesses(Unavailable):
    """The processes for the sound do not start; set media.workers to 0, or make room for them."""

    code = "no_sound_processes"


@asynccontextmanager
async def lines_of(settings: Settings) -> AsyncGenerator[SipLines]:
    """Lines that register and take calls while the block runs. Raises SipPortTaken, NoSipCertificate,
    NoMediaAddress, NoSoundProcesses."""
    check_media(settings.media.host)
    lines = SipLines(
        [trunk_of(trunk) for trunk in settings.trunks],
        SystemClock(),
        ports=PortRange(settings.media.host, settings.media.port_min, settings.media.port_max),
        bind=(settings.sip.host, settings.sip.port),
        advertise=None if settings.sip.advertise is None else (settings.sip.advertise, settings.sip.port),
        media_advertise=settings.media.advertise,
        user_agent=settings.sip.user_agent,
        language=settings.media.language,
        prompts=() if settings.media.prompts is None else (Path(settings.media.prompts),),
        tls=tls_of(settings, settings.sip.tls_port),
        workers=settings.media.workers,
    )
    try:
        await lines.start()
    except BadTlsFiles as error:
        raise NoSipCertificate(
            f"TLS for SIP cannot be had: {error}; look at sip.tls_ca, sip.tls_certificate and sip.tls_key."
        ) from error
    except NoSoundProcess as error:
        raise NoSoundProcesses(str(error)) from error
    except OSError as error:
        raise SipPortTaken(
            f"The address {settings.sip.host}:{settings.sip.port} for SIP cannot be had ({_why(error)}); "
            "choose another sip.host or sip.port."
        ) from error
    try:
        yield lines
    finally:
        await lines.stop()


def check_media(host: str) -> None:
    """Find a wrong address now, not when the first call has no sound. Raises NoMediaAddress."""
    try:
        kind, _, _, _, address = socket.getaddrinfo(host, 0, type=socket.SOCK_DGRAM)[0]
        with socket.socket(kind, socket.SOCK_DGRAM) as probe:
            probe.bind(address)
    except OSError as error:
        raise NoMediaAddress(
            f"Sound cannot be received on {host} ({_why(error)}); write an address of this machine into media.host."
        ) from error


def _why(error: OSError) -> str:
    return error.strerror or "it is no address"


def tls_of(settings: Settings, port: int = 0) -> Tls | None:
    """What TLS needs, where a trunk speaks it or may call us by it. `port`: where we listen, 0: any."""
    sip = settings.sip
    if not sip.tls_certificate and all(trunk.transport != "tls" for trunk in settings.trunks):
        return None
    return Tls(sip.tls_ca, sip.tls_certificate, sip.tls_key, port)


def trunk_of(trunk: config.Trunk) -> Trunk:
    """A trunk of the settings, as the line knows it."""
    return Trunk(
        name=trunk.name,
        host=trunk.host,
        port=trunk.port,
        transport=trunk.transport,
        username=trunk.username,
        password=trunk.password.get_secret_value(),
        realm=trunk.realm,
        register=trunk.register_,
        min_digest=trunk.min_digest,
        channels=trunk.channels,
        cps=trunk.calls_per_second,
        weight=trunk.weight,
        peers=trunk.peers,
        srtp=Encryption(trunk.srtp),
        transfer=trunk.transfer,
        trusted=trunk.trusted,
    )
