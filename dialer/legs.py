"""One leg of the line: its SIP call, its sound, and the translation between what both say of it."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from zlib import crc32

from dialer.digits import Digits
from dialer.facts import LegSound
from dialer.shapes import DialogRef, DialogSeed, LegId
from media.description import Description, Direction, Payload
from media.interface import Figures, Sound
from media.mos import mos
from media.sdes import Crypto
from sip.call import Call
from sip.client_call import ClientCall
from sip.crypto import Crypto as CryptoLine
from sip.errors import BadSdp
from sip.referral import TransferRequest
from sip.sdp import Format, SessionDescription
from sip.server_call import ServerCall
from sip.uri import is_ip

_PLAIN, _SECURE = "RTP/AVP", "RTP/SAVP"


@dataclass(slots=True, eq=False)
class LineLeg:
    """What the lines keep of a leg. `call` is None for a moment only, while its INVITE is being sent."""

    id: LegId
    trunk: str
    dialog: DialogRef
    sound: Sound
    call: Call | None = None
    answered: bool = False
    offer: SessionDescription | None = None  # the far end's, of an incoming call
    joined_at: float = 0.0
    turn: int | None = None  # of being asked whether the call still is
    version: int = 0  # of what was said last
    answered_at: float | None = None  # by loop.time()
    digits: Digits = field(default_factory=Digits)
    targets: tuple[str, ...] = ()  # of a 3xx, until the failure that follows it is told
    transfer: TransferRequest | None = None  # asked for by the other side

    @property
    def client(self) -> ClientCall | None:
        return self.call if isinstance(self.call, ClientCall) else None

    @property
    def server(self) -> ServerCall | None:
        return self.call if isinstance(self.call, ServerCall) else None

    def our_offer(self) -> bytes:
        """Our description of the sound, as an offer."""
        return self._said(self.sound.offer())

    def our_answer(self, theirs: SessionDescription) -> bytes:
        """Our answer to an offer. Raises BadSdp or media.errors.MediaError."""
        return self._said(self.sound.answer(description_of(theirs)), theirs)

    def _said(self, description: Description, asked: SessionDescription | None = None) -> bytes:
        """As SDP, each time with a version of its own: who sees the same one again need not read it (RFC 3264 §8)."""
        self.version += 1
        return to_text(description, version=self.version, asked=asked)

    def their_answer(self, text: bytes) -> None:
        """Take the far end's answer to our offer. Raises BadSdp or media.errors.MediaError."""
        self.sound.accept(description_of(SessionDescription.parse(text)))

    def learn(self) -> DialogRef:
        """The dialog with what the far end's answers added to it."""
        known = self.call.dialog if self.call is not None else None
        if known is not None:
            self.dialog = replace(
                self.dialog,
                to_tag=known.remote_tag or None,
                remote_target=known.remote_target,
                route_set=known.route_set,
            )
        return self.dialog

    def how_it_sounded(self, figures: Figures) -> LegSound | None:
        """None: nothing came."""
        if figures.first_packet_at is None:
            return None
        heard, voice_at = figures.quality, figures.first_voice_at
        loss = heard.lost / max(1, heard.lost + figures.stats.received)
        late = None if voice_at is None or self.answered_at is None else max(0.0, voice_at - self.answered_at) * 1000
        trip = heard.round_trip_ms
        return LegSound(loss, heard.jitter_ms, trip, mos(loss, heard.jitter_ms, trip or 0.0), late)

    def silent_since(self) -> float | None:
        """loop.time() of the latest packet of sound in the bridge that it is in; None: not in one, on hold, or the far
        end said that it only listens."""
        remote = self.sound.remote
        if self.sound.joined is None or remote is None or remote.direction is not Direction.SENDRECV:
            return None
        return max(self.joined_at, self.sound.figures.last_packet_at or 0.0)

    def press(self, keys: str) -> None:
        """Press keys in the sound, or by INFO for a far end that takes them only so. Raises MediaError, SipError."""
        remote = self.sound.remote
        if self.call is not None and self.call.takes("INFO") and remote is not None and remote.dtmf is None:
            self.call.press(keys)
        else:
            self.sound.press(keys)

    def comes_round(self, now: float, every: float) -> bool:
        """Whether its turn has come again, once in `every` seconds. Each leg has a moment of its own within them, so
        that many are not asked at once."""
        turn = int(now / every + crc32(self.id.encode()) / 2**32)
        before, self.turn = self.turn, turn
        return before is not None and before != turn


def dialog_of(call: ServerCall, trunk: str, local_address: str) -> DialogRef:
    """What it takes to end an incoming call later."""
    known = call.dialog
    assert known is not None
    seed = DialogSeed(call.call_id, known.local_tag, known.local_cseq, local_address)
    return DialogRef(
        seed,
        trunk,
        known.remote_target,
        known.local_uri,
        known.remote_uri,
        known.remote_tag,
        known.remote_target,
        known.route_set,
    )


def description_of(text: SessionDescription) -> Description:
    """What SDP says, as the sound's room understands it. Raises BadSdp."""
    if text.protocol not in (_PLAIN, _SECURE) or text.port == 0:
        raise BadSdp(
            f"the sound is offered as {text.protocol} on port {text.port}: only RTP/AVP and RTP/SAVP are taken"
        )
    if not is_ip(text.host):
        raise BadSdp("the sound's address is a name: an IP address is needed")
    direction = Direction(text.direction)
    if text.host == "0.0.0.0" and direction is Direction.SENDRECV:  # noqa: S104  hold of RFC 2543, not a bind
        direction = Direction.SENDONLY
    payloads = tuple(Payload(f.number, f.name, f.rate) for f in text.formats)
    return Description(
        text.host,
        text.port,
        payloads,
        direction,
        text.ptime or 20,
        text.rtcp_port,
        cryptos=tuple(Crypto(one.tag, one.suite, one.key) for one in text.cryptos),
        secure=text.protocol == _SECURE,
    )


def to_text(said: Description, *, version: int, asked: SessionDescription | None = None) -> bytes:
    """A description as SDP; `asked`: the offer that it answers, whose other streams are refused in their places."""
    formats = tuple(Format(p.number, p.name, p.rate, _parameters(p)) for p in said.payloads)
    others, place = (asked.others, asked.place) if asked is not None else ((), 0)
    return SessionDescription(
        said.host,
        said.port,
        formats,
        said.direction.value,
        said.ptime,
        said.rtcp_port,
        _SECURE if said.secure else _PLAIN,
        session=said.port,
        version=version,
        others=others,
        place=place,
        cryptos=tuple(CryptoLine(one.tag, one.suite, one.key) for one in said.cryptos),
    ).build()


def _parameters(payload: Payload) -> str | None:
    return "0-15" if payload.name == "TELEPHONE-EVENT" else None


def sound_file(prompt: str, folders: tuple[Path, ...]) -> Path | None:
    """A prompt of the company's own, by its file's name without .wav; None: there is none of that name."""
    if not prompt.replace("-", "").replace("_", "").isalnum():
        return None
    return next((path for folder in folders if (path := folder / f"{prompt}.wav").is_file()), None)
