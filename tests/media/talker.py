"""Far ends that speak without a pause, for tests of what they hear of each other."""

from rtp_peer import Peer, power, tone

from media import codecs
from media.description import PCMU, Description, Direction, Payload
from media.dtmf import KeyEvent, build
from media.interface import Sound
from media.ticker import Ticker

AUDIBLE, SILENT = 4000, 300
"""Amplitudes; a tone is 8000."""
FRAMES = 15


class Talker(Peer):
    """Says its tone to `to` at every beat, from `speak` on; every `lose`-th packet never comes."""

    def __init__(self, hertz: float = 500, payload: Payload = PCMU, ssrc: int = 0x5EED) -> None:
        super().__init__(payload=payload, ssrc=ssrc)
        self.hertz, self.sent, self.lost, self.lose = hertz, 0, 0, 0
        self._coded = codecs.encoder(payload.name)(tone(hertz, 10))
        self._at = 0
        self._to: tuple[str, int] | None = None
        self._beat = self.beat

    def speak(self, sound: Sound) -> None:
        self._to = sound.local.host, sound.local.port
        Ticker.of_running_loop().add(self._beat)

    def hush(self) -> None:
        Ticker.of_running_loop().remove(self._beat)

    def beat(self) -> None:
        piece, self._at = self._coded[self._at :][:160], (self._at + 160) % len(self._coded)
        if self.lose and (self.sent + self.lost + 1) % self.lose == 0:
            self.lost += 1
            self.sequence, self.timestamp = (self.sequence + 1) & 0xFFFF, (self.timestamp + 160) & 0xFFFFFFFF
            return
        assert self._to is not None
        self.sent += 1
        self.send(self._to, piece)

    def press(self, key: str, payload: Payload) -> None:
        """One key, as a telephone tells of it: all its packets bear the time of its beginning."""
        assert self._to is not None
        for beat in range(1, 9):
            self.send(self._to, build(KeyEvent(key, beat > 5, 10, beat * 160)), payload=payload)
            self.timestamp = (self.timestamp - 160) & 0xFFFFFFFF
        self.timestamp = (self.timestamp + 1280) & 0xFFFFFFFF

    def describe(self, *payloads: Payload, direction: Direction = Direction.SENDRECV) -> Description:
        return Description(self.host, self.port, payloads or (self.payload,), direction)

    def heard(self, hertz: float, frames: int = FRAMES) -> float:
        """The amplitude of a tone in the latest packets of sound."""
        latest = [p.payload for p in self.got if p.payload_type == self.payload.number][-frames:]
        return power(codecs.decoder(self.payload.name)(b"".join(latest)), hertz) if latest else 0.0

    def hears(self, *others: "Talker") -> bool:
        """Each of these is heard in the latest packets."""
        return all(self.heard(other.hertz) > AUDIBLE for other in others)

    def close(self) -> None:
        self.hush()
        super().close()
