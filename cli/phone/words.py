"""What the phone says, in plain words."""

import re

from media.session import Leg
from media.stats import LegStats, Quality
from sip.digest import Credentials
from sip.errors import ChallengeRefused
from sip.message import Response

_PROGRESS = {
    180: "ringing (180)",
    181: "being forwarded (181)",
    182: "waiting in a queue (182)",
    183: "the exchange plays something before the answer (183)",
}
_REFUSALS = {
    401: "the trunk refused the user name or the password",
    403: "the trunk does not allow this call: look at the account's rights and at the number to show (--caller)",
    404: "there is no such number",
    407: "the trunk refused the user name or the password",
    408: "nobody answered in time",
    410: "the number is no longer in use",
    480: "nobody is there now",
    484: "the number is not complete",
    486: "busy",
    487: "taken back before it was answered",
    488: "the trunk offers no sound that both can speak: allow PCMA or PCMU (G.711) there",
    503: "the trunk has no line free, or cannot serve now",
    600: "busy everywhere",
    603: "the call was declined",
    606: "the trunk offers no sound that both can speak: allow PCMA or PCMU (G.711) there",
}
_SECRET = re.compile(rb"(?im)^((?:proxy-)?authorization[ \t]*:|a=crypto:\d+ \S+)[^\r\n]*")


def progress(status: int) -> str:
    return _PROGRESS.get(status, f"under way ({status})")


def refusal(status: int, reason: str, response: Response | None, credentials: Credentials | None) -> str:
    """Why a call came to nothing. `response` None: none came."""
    if response is None and status == 408:
        return "the trunk does not answer: check its host and port, and that the exchange runs"
    if response is None and status == 503:
        return "nothing could be sent to the trunk: check sip.host, which must be this machine's address towards it"
    if response is not None and status in (401, 407):
        return f"{challenge(response, credentials)} ({status})"
    return f"{_REFUSALS.get(status, reason or 'the trunk refused the call')} ({status})"


def registration(status: int, reason: str) -> str:
    """Why the registrar said no."""
    if status in (401, 403, 404, 407):
        return f"it refused the user name, the password or the realm ({status})"
    return f"{reason} ({status})"


def challenge(response: Response, credentials: Credentials | None) -> str:
    """Why a 401 or 407 was the end: nothing to answer it with, nothing that may answer it, or a wrong answer."""
    if credentials is None:
        return "the trunk asks for a user name and a password, and none are set"
    try:
        credentials.answer(response, "OPTIONS", "sip:nobody.invalid")
    except ChallengeRefused as error:
        return str(error)
    return _REFUSALS[401]


def ending(by_us: bool, cause: str) -> str:
    """Who hung up; `cause`: as `Listener.on_ended` tells it."""
    if by_us:
        return "hung up"
    usual = cause in ("bye", "Q.850;cause=16")  # ITU-T Q.850: normal clearing
    return "the far end hung up" if usual else f"the far end ended the call ({cause})"


def trace(direction: str, data: bytes, host: str, port: int) -> str:
    """One message as it went over the wire, without what proves the password and without the keys of the sound."""
    arrow = "→" if direction == "out" else "←"
    text = _SECRET.sub(rb"\1 (left out)", data).decode("utf-8", "replace").rstrip()
    return f"{arrow} {host}:{port}\n" + "\n".join(f"    {line}" for line in text.splitlines())


def sound(leg: Leg, loud: int) -> list[str]:
    """What was heard on both sides, and the figures."""
    stats, quality = leg.stats, leg.quality
    return [_theirs(leg, loud), _ours(stats, quality), *_figures(stats, quality)]


def _theirs(leg: Leg, loud: int) -> str:
    if not leg.stats.received:
        where = f"{leg.local.host}:{leg.local.port}"
        return f"nothing was heard from the far end: no packet of sound came to {where} (UDP)"
    return "the far end was heard" if loud else "sound came from the far end, but it was silence"


def _ours(stats: LegStats, quality: Quality) -> str:
    if quality.remote_lost is None:
        return "the far end did not say whether it hears us"
    return f"the far end hears us: {quality.remote_lost} of {stats.sent} packets lost on the way"


def _figures(stats: LegStats, quality: Quality) -> list[str]:
    trip = quality.round_trip_ms
    lines = [
        f"packets: {stats.sent} sent, {stats.received} heard, {quality.lost} lost",
        f"jitter: {quality.jitter_ms:.1f} ms",
        "round trip: not measured" if trip is None else f"round trip: {trip:.1f} ms",
    ]
    if stats.foreign:
        lines.append(f"from other addresses: {stats.foreign} packets, not taken")
    return lines
