"""Session descriptions of one audio stream (RFC 8866, RFC 3264): text to values and back."""

from __future__ import annotations

from dataclasses import dataclass, field

from sip.crypto import Crypto
from sip.errors import BadSdp
from sip.headers import safe
from sip.uri import is_ip

DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")
_MAX_SIZE = 16_384
_MOST_FORMATS = 128
_STATIC = {0: ("PCMU", 8000), 3: ("GSM", 8000), 8: ("PCMA", 8000), 9: ("G722", 8000), 13: ("CN", 8000)}
"""Payload types that need no rtpmap (RFC 3551 Table 4)."""


@dataclass(frozen=True, slots=True)
class Format:
    """One payload type. `name` in capitals, `rate` in Hz, `parameters` as in fmtp."""

    number: int
    name: str
    rate: int = 8000
    parameters: str | None = None


@dataclass(frozen=True, slots=True)
class SessionDescription:
    """What one side says of its audio. `host` is an IP address (or a name, which is not resolved here); `port` 0: the
    stream is refused. `formats` in order of preference; `ptime` in ms. `others`: the m= lines of further streams, in
    order, which an answer must refuse one by one (RFC 3264 §6); `place`: how many of them stand before the audio.
    `cryptos`: the keys of RFC 4568, of those lines that we understand."""

    host: str
    port: int
    formats: tuple[Format, ...]
    direction: str = "sendrecv"
    ptime: int | None = 20
    rtcp_port: int | None = None
    protocol: str = "RTP/AVP"
    session: int = 1
    version: int = 1
    others: tuple[str, ...] = ()
    place: int = 0
    cryptos: tuple[Crypto, ...] = ()

    @classmethod
    def parse(cls, data: bytes) -> SessionDescription:
        """Read the first audio stream. Raises `BadSdp`."""
        if len(data) > _MAX_SIZE:
            raise BadSdp("the session description is too long")
        reader = _Reader()
        for line in data.decode("utf-8", "replace").splitlines():
            kind, equals, value = line.partition("=")
            if equals and len(kind) == 1:
                reader.read(kind, value.strip())
        return reader.result()

    def build(self) -> bytes:
        """The bytes to send. Raises `UnsafeField` when a field holds CR, LF or NUL."""
        family = "IP6" if ":" in self.host else "IP4"
        lines = ["v=0", f"o=- {self.session} {self.version} IN {family} {self.host}", "s=-"]
        lines += [f"c=IN {family} {self.host}", "t=0 0"]
        lines += [_refused(other) for other in self.others[: self.place]]
        lines += self._media()
        lines += [_refused(other) for other in self.others[self.place :]]
        return ("\r\n".join(safe(line) for line in lines) + "\r\n").encode()

    def _media(self) -> list[str]:
        numbers = " ".join(str(one.number) for one in self.formats)
        lines = [f"m=audio {self.port} {self.protocol} {numbers}"]
        for one in self.formats:
            lines.append(f"a=rtpmap:{one.number} {one.name.lower() if '-' in one.name else one.name}/{one.rate}")
            if one.parameters is not None:
                lines.append(f"a=fmtp:{one.number} {one.parameters}")
        lines += [f"a=crypto:{one.build()}" for one in self.cryptos]
        if self.ptime is not None:
            lines.append(f"a=ptime:{self.ptime}")
        if self.rtcp_port is not None:
            lines.append(f"a=rtcp:{self.rtcp_port}")
        return [*lines, f"a={self.direction}"]


def _refused(media: str) -> str:
    """The same m= line with port 0."""
    kind, _, rest = media.partition(" ")
    return f"m={kind} 0 {rest.partition(' ')[2]}"


@dataclass(slots=True)
class _Reader:
    """Takes line after line; session-level values hold until a stream says otherwise."""

    host: str = ""
    direction: str = "sendrecv"
    session: int = 1
    version: int = 1
    media: str = ""
    in_audio: bool = False
    before_media: bool = True
    place: int = 0
    ptime: int | None = None
    rtcp: int | None = None
    others: list[str] = field(default_factory=list[str])
    maps: dict[int, tuple[str, int]] = field(default_factory=dict[int, tuple[str, int]])
    parameters: dict[int, str] = field(default_factory=dict[int, str])
    cryptos: list[Crypto] = field(default_factory=list[Crypto])

    def read(self, kind: str, value: str) -> None:
        if kind == "m":
            self._stream(value)
        elif kind == "o" and self.before_media:
            self._origin(value)
        elif self.before_media or self.in_audio:
            if kind == "c":
                self.host = _address(value)
            elif kind == "a":
                self._attribute(*value.partition(":")[::2])

    def _stream(self, value: str) -> None:
        self.before_media = False
        self.in_audio = not self.media and value.startswith("audio ")
        if self.in_audio:
            self.media = value
            self.place = len(self.others)
        else:
            self.others.append(value)

    def _origin(self, value: str) -> None:
        words = value.split()
        if len(words) == 6 and all(word.isascii() and word.isdigit() and len(word) < 20 for word in words[1:3]):
            self.session, self.version = int(words[1]), int(words[2])

    def _attribute(self, name: str, value: str) -> None:
        name = name.strip()
        if name in DIRECTIONS:
            self.direction = name
        elif not self.in_audio:
            return
        elif name == "rtpmap":
            self._map(value)
        elif name == "fmtp":
            number, _, parameters = value.partition(" ")
            self.parameters[_number(number, 127)] = parameters.strip()
        elif name == "ptime":
            self.ptime = _number(value.partition(".")[0], 1000) or None
        elif name == "crypto":
            self._crypto(value)
        elif name == "rtcp":
            self.rtcp = _number(value.split(" ")[0], 65_535)

    def _crypto(self, value: str) -> None:
        understood = Crypto.parse(value)
        if understood is not None:
            self.cryptos.append(understood)

    def _map(self, value: str) -> None:
        number, _, encoding = value.partition(" ")
        name, _, rest = encoding.strip().partition("/")
        rate = rest.partition("/")[0]
        self.maps[_number(number, 127)] = (name.upper(), _number(rate, 1_000_000))

    def result(self) -> SessionDescription:
        words = self.media.split()
        if not 4 <= len(words) <= 3 + _MOST_FORMATS:
            raise BadSdp("the session description has no audio, or more formats than there are numbers for them")
        port = _number(words[1].partition("/")[0], 65_535)
        if not self.host:
            raise BadSdp("the session description has no address")
        return SessionDescription(
            host=self.host,
            port=port,
            formats=tuple(one for word in words[3:] if (one := self._format(word)) is not None),
            direction=self.direction,
            ptime=self.ptime,
            rtcp_port=self.rtcp,
            protocol=words[2],
            session=self.session,
            version=self.version,
            others=tuple(self.others),
            place=self.place,
            cryptos=tuple(self.cryptos),
        )

    def _format(self, word: str) -> Format | None:
        number = _number(word, 127)
        named = self.maps.get(number) or _STATIC.get(number)
        return None if named is None else Format(number, *named, self.parameters.get(number))


def _address(value: str) -> str:
    words = value.split()
    if len(words) != 3 or words[0] != "IN" or words[1] not in ("IP4", "IP6"):
        raise BadSdp("an address line is not IN IP4 or IN IP6")
    host = words[2].partition("/")[0]
    if not is_ip(host) and not all(mark.isalnum() or mark in ".-" for mark in host):
        raise BadSdp("an address is neither an IP address nor a name")
    return host


def _number(text: str, limit: int) -> int:
    text = text.strip()
    if not (text.isascii() and text.isdigit()) or len(text) > 9 or int(text) > limit:
        raise BadSdp(f"a number is not from 0 to {limit}")
    return int(text)
