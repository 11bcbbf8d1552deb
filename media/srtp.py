"""SRTP and SRTCP (RFC 3711, RFC 7714): packets sealed with our key and opened with theirs. No sockets."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from pylibsrtp import Error, Policy, Session

from media.errors import ForgedPacket, MalformedPacket, ReplayedPacket
from media.rtp import distance

_STRIDE = 0x4000
"""A step along a stream that no receiver takes for one back."""
_WINDOW = 128
"""Packets behind the highest one that the library remembers (RFC 3711 §3.3.2)."""
_MOST_OTHERS = 4


@dataclass(frozen=True, slots=True)
class Suite:
    """A crypto suite (RFC 4568 §6.2, RFC 7714 §14.2). `key_length`: bytes of master key and salt together."""

    name: str
    profile: int
    key_length: int
    salt_length: int


def _number(name: str) -> int:
    """One of the library's constants, which carry no type."""
    return int(getattr(Policy, name))


AES_CM_80 = Suite("AES_CM_128_HMAC_SHA1_80", _number("SRTP_PROFILE_AES128_CM_SHA1_80"), 30, 14)
AES_CM_32 = Suite("AES_CM_128_HMAC_SHA1_32", _number("SRTP_PROFILE_AES128_CM_SHA1_32"), 30, 14)
AES_GCM = Suite("AEAD_AES_256_GCM", _number("SRTP_PROFILE_AEAD_AES_256_GCM"), 44, 12)
SUITES = {suite.name: suite for suite in (AES_CM_80, AES_GCM, AES_CM_32)}
"""Most wanted first: what everybody has, then the strongest, then the short tag."""

_FROM_US, _FROM_THEM = _number("SSRC_ANY_OUTBOUND"), _number("SSRC_ANY_INBOUND")
_Keyed = tuple[Suite, bytes]


@dataclass(slots=True)
class Place:
    """How far one stream came: the latest source and its highest index, rollovers and all (RFC 3711 §3.3.1). `others`:
    the indices of a few sources before it, which may come again."""

    ssrc: bytes = b""
    index: int = 0
    others: dict[bytes, int] = field(default_factory=dict[bytes, int])

    def note(self, packet: bytes) -> None:
        """A packet that passed."""
        ssrc, sequence = packet[8:12], int.from_bytes(packet[2:4])
        if ssrc != self.ssrc:
            self._turn_to(ssrc, sequence)
        if (ahead := distance(sequence, self.index & 0xFFFF)) > 0:
            self.index += ahead

    def _turn_to(self, ssrc: bytes, sequence: int) -> None:
        if self.ssrc:
            self.others[self.ssrc] = self.index
        self.ssrc, self.index = ssrc, self.others.pop(ssrc, sequence)
        if len(self.others) > _MOST_OTHERS:
            del self.others[next(iter(self.others))]

    def way(self, window: int = 1) -> Iterator[bytes]:
        """Packets that bring a new session to this place, none of which is ever sent. The last `window` of a source
        are among them: none of those passes again."""
        for ssrc, highest in (*self.others.items(), (self.ssrc, self.index)) if self.ssrc else ():
            recent = max(0, highest - window + 1)
            for index in (*range(0, recent, _STRIDE), *range(recent, highest + 1)):
                yield b"\x80\x00" + (index & 0xFFFF).to_bytes(2) + bytes(4) + ssrc


@dataclass(slots=True)
class Progress:
    """How far both directions came, and how many reports were sealed: the library does not give its own counters."""

    sent: Place = field(default_factory=Place)
    heard: Place = field(default_factory=Place)
    reports: int = 0

    def renew(self) -> None:
        """We send as a new source."""
        self.sent, self.reports = Place(), 0


class Srtp:
    """Both directions of one leg. A direction goes on, rollover counter and all, as long as its key stays the same.

    `progress`: where another Srtp of the same keys was; the first call of `key` goes on from there.
    """

    def __init__(self, progress: Progress | None = None) -> None:
        self._ours: _Keyed | None = None
        self._theirs: _Keyed | None = None
        self._outgoing = self._incoming = Session()
        self._since = progress
        self.progress = Progress()

    def key(self, suite: Suite, ours: bytes, theirs: bytes) -> None:
        """Seal with `ours`, open with `theirs`, from the next packet on. A key that was left must never come again."""
        if self._ours != (suite, ours):
            self._ours, self._outgoing = (suite, ours), _session(suite, ours, _FROM_US)
            self.progress.renew()
        if self._theirs != (suite, theirs):
            self._theirs, self._incoming = (suite, theirs), _session(suite, theirs, _FROM_THEM)
            self.progress.heard = Place()
        since, self._since = self._since, None
        if since is not None:
            self._go_on_from(since, _session(suite, theirs, _FROM_US))

    def _go_on_from(self, since: Progress, them: Session) -> None:
        for packet in since.sent.way():
            self._outgoing.protect(packet)
        for _ in range(since.reports):
            self._outgoing.protect_rtcp(b"\x80\xc9\x00\x01" + since.sent.ssrc)
        for packet in since.heard.way(_WINDOW):
            self._incoming.unprotect(them.protect(packet))
        self.progress = since

    def seal(self, packet: bytes) -> bytes:
        """The SRTP packet of an RTP packet. Raises ReplayedPacket when its number was sent already (RFC 3711 §9.1: a
        keystream is used once), MalformedPacket when it is too long."""
        sealed = _through(self._outgoing.protect, packet)
        self.progress.sent.note(packet)
        return sealed

    def open(self, packet: bytes) -> bytes:
        """The RTP packet in an SRTP packet. Raises ForgedPacket, ReplayedPacket, MalformedPacket."""
        clear = _through(self._incoming.unprotect, packet)
        self.progress.heard.note(packet)
        return clear

    def seal_report(self, packet: bytes) -> bytes:
        """The same for RTCP."""
        sealed = _through(self._outgoing.protect_rtcp, packet)
        self.progress.reports += 1
        return sealed

    def open_report(self, packet: bytes) -> bytes:
        """The same for RTCP."""
        return _through(self._incoming.unprotect_rtcp, packet)


def _session(suite: Suite, key: bytes, sources: int) -> Session:
    return Session(Policy(key, sources, srtp_profile=suite.profile))


def _through(operation: Callable[[bytes], bytes], packet: bytes) -> bytes:
    try:
        return operation(packet)
    except ValueError:
        raise MalformedPacket("longer than any sound") from None
    except Error as error:
        raise _named(error) from None


_SEEN = ("replay check failed", "packet index is too old")
_NO_PACKET = ("unsupported parameter", "error parsing data")


def _named(error: Error) -> ForgedPacket | ReplayedPacket | MalformedPacket:
    """The library tells its errors apart by their words alone."""
    words = str(error)
    if words.startswith(_NO_PACKET):
        return MalformedPacket(words)
    return ReplayedPacket() if words.startswith(_SEEN) else ForgedPacket()
