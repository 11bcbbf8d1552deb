"""The machine: clock, disk, certificate, ports."""

import ctypes
import shutil
import socket
import ssl
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import httpx
from cryptography import x509

from cli import doors, store
from cli.doctor.finding import Finding, halves, note, ok, problem
from cli.lines import NoMediaAddress, check_media
from cli.settings import Server, Settings
from kit.clock import Clock
from media.ports import bind_udp

GIB = 1 << 30
SPARE = GIB
"""Bytes that must be free: sealed uploads, the write-ahead log and a vacuum need room."""
CERTIFICATE_DAYS = 14
STEP_S = 0.5
_PATIENCE_S = 3.0
_TIME_ERROR = 5
_TIMEX_SIZE = 512

# ---------------------------------------------------------------- clock


class ClockWatch:
    """Sees whether the wall clock is set while the other checks run. `kept`: whether the system keeps it by NTP; None:
    it does not say."""

    def __init__(self, clock: Clock, kept: Callable[[], bool | None]) -> None:
        self._clock, self._kept = clock, kept
        self._wall, self._monotonic = clock.now(), clock.monotonic()

    def look(self) -> Finding:
        wall = (self._clock.now() - self._wall).total_seconds()
        step = wall - (self._clock.monotonic() - self._monotonic)
        if abs(step) > STEP_S:
            return problem(
                "clock", f"it was set by {step:+.1f} s meanwhile", "let one program alone set it, in small steps"
            )
        kept = self._kept()
        if kept:
            return ok("clock", "it runs evenly and is kept by NTP")
        said = "the system does not say whether NTP keeps it" if kept is None else "NTP does not keep it"
        return note("clock", said, "calling hours and records go by it: run chrony or systemd-timesyncd")


def kept_by_ntp() -> bool | None:
    """What the kernel says of its clock (adjtimex(2)); None: it cannot be asked."""
    try:
        state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX_SIZE))
    except (AttributeError, OSError):
        return None
    return None if state < 0 else state != _TIME_ERROR


# ---------------------------------------------------------------- disk and certificate


def disk(settings: Settings, free: Callable[[Path], int] = lambda path: shutil.disk_usage(path).free) -> Finding:
    """Whether there is room where the data is."""
    file = store.sqlite_file(settings.database.url)
    kept = [Path(folder).absolute() for folder in (settings.uploads.folder, settings.recordings.folder)]
    folders = [*kept, *([] if file is None else [file.parent])]
    room, folder = min((free(_there(folder)), folder) for folder in folders)
    found = f"{room / GIB:.1f} GiB free at {folder}"
    return ok("disk", found) if room >= SPARE else problem("disk", found, "make room: a full disk ends all dialing")


def _there(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    return next(path for path in (folder, *folder.parents) if path.exists())


def certificate(server: Server, now: datetime) -> Finding:
    """Whether browsers will trust the pages, and how long."""
    check = "certificate"
    if server.tls_certificate is None or server.tls_key is None:
        return _without(check, server)
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(server.tls_certificate, server.tls_key)
        ends = x509.load_pem_x509_certificates(Path(server.tls_certificate).read_bytes())[0].not_valid_after_utc
    except (OSError, ValueError) as error:
        return problem(check, f"it cannot be used ({error})", "see server.tls_certificate and server.tls_key")
    found = f"it is good until {ends:%Y-%m-%d}"
    if ends - now > timedelta(days=CERTIFICATE_DAYS):
        return ok(check, found)
    return problem(
        check, found if ends > now else f"it ended on {ends:%Y-%m-%d}", "renew it and start the service again"
    )


def _without(check: str, server: Server) -> Finding:
    if server.secure:
        return ok(check, f"{server.url} has one of its own, in front of the service")
    if _is_local(server.host):
        return ok(check, "none is needed on this machine alone")
    return note(check, "there is none", "put Caddy in front, or set tls_certificate: microphones and cookies need TLS")


def _is_local(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


# ---------------------------------------------------------------- ports


async def is_running(server: Server) -> bool:
    """Whether the service of these settings answers on this machine."""
    host = "127.0.0.1" if server.host in ("0.0.0.0", "::") else server.host  # noqa: S104  not a bind
    scheme = "https" if server.tls_certificate else "http"
    name = f"[{host}]" if ":" in host else host
    try:
        async with httpx.AsyncClient(verify=False, timeout=_PATIENCE_S, trust_env=False) as client:  # noqa: S501  by address
            return "status" in (await client.get(f"{scheme}://{name}:{server.port}/health")).json()
    except (httpx.HTTPError, ValueError):
        return False


def ports(settings: Settings, running: bool) -> list[Finding]:
    """Whether pages, SIP and sound find their ports. `running`: the service has them already."""
    return [_pages(settings.server, running), _sip(settings, running), _sound(settings)]


def _pages(server: Server, running: bool) -> Finding:
    check, where = "port of the pages", f"{server.host}:{server.port}"
    if running:
        return ok(check, f"the service is at {where}")
    try:
        doors.bind(server).close()
    except doors.PortTaken as error:
        return problem(check, *halves(error))
    return ok(check, f"{where} is free")


def _sip(settings: Settings, running: bool) -> Finding:
    check, host, port = "port of SIP", settings.sip.host, settings.sip.port
    wanted = [(port, "UDP"), (port, "TCP"), *([(settings.sip.tls_port, "TLS")] if settings.sip.tls_certificate else [])]
    taken = {(port, kind): why for port, kind in wanted if (why := _taken(host, port, kind)) is not None}
    free = [one for one in wanted if one not in taken and one[0]]
    if running and free:
        return problem(
            check,
            f"the running service does not have {_ways_in(host, free)}",
            "it runs on other settings: start it again",
        )
    if running or not taken:
        return ok(check, f"the service has {_ways_in(host, taken)}" if taken else f"{_ways_in(host, wanted)} is free")
    found = f"{_ways_in(host, taken)} cannot be had ({next(iter(taken.values()))})"
    return problem(check, found, "choose another sip.host, sip.port or sip.tls_port")


def _taken(host: str, port: int, kind: str) -> str | None:
    """Why the port cannot be had; None: it can."""
    stream = kind != "UDP"
    with socket.socket(_family(host), socket.SOCK_STREAM if stream else socket.SOCK_DGRAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(stream))  # as the service: closed calls linger
        try:
            probe.bind((host, port))
        except OSError as error:
            return error.strerror or "it is no address"
    return None


def _ways_in(host: str, some: Iterable[tuple[int, str]]) -> str:
    """Like 192.0.2.10:5070 by UDP and TCP."""
    ports: dict[int, list[str]] = {}
    for port, kind in some:
        ports.setdefault(port, []).append(kind)
    return ", ".join(f"{host}:{port} by {' and '.join(kinds)}" for port, kinds in ports.items())


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _sound(settings: Settings) -> Finding:
    check, media = "ports of sound", settings.media
    try:
        check_media(media.host)
    except NoMediaAddress as error:
        return problem(check, *halves(error))
    first = media.port_min + media.port_min % 2
    pairs = range(first, media.port_max, 2)
    wanted = sum(trunk.channels for trunk in settings.trunks)
    if len(pairs) < wanted:
        found = f"{len(pairs)} pairs for {wanted} channels of the trunks"
        return problem(check, found, "widen media.port_min to media.port_max, two ports a channel")
    free = sum(_is_free(media.host, port) and _is_free(media.host, port + 1) for port in pairs)
    found = f"{free} of {len(pairs)} pairs are free on {media.host}"
    return ok(check, found) if free else problem(check, found, "choose another range, or end what has these ports")


def _is_free(host: str, port: int) -> bool:
    probe = bind_udp(host, port)
    if probe is None:
        return False
    probe.close()
    return True
