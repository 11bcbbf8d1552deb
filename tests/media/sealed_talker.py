"""A far end that speaks encrypted."""

import asyncio
from dataclasses import replace

from talker import Talker

from media import rtp
from media.description import PCMU
from media.errors import MediaError
from media.interface import Sound
from media.sdes import Encryption, Sdes
from media.srtp import Srtp


class SealedTalker(Talker):
    """Agrees on keys with the leg at once."""

    def __init__(self, hertz: float, sound: Sound, ssrc: int) -> None:
        self.srtp, self.undecipherable = Srtp(), 0
        super().__init__(hertz, PCMU, ssrc)
        keys = Sdes(Encryption.REQUIRED)
        offer = replace(self.describe(), cryptos=keys.offer(), secure=True)
        answer = sound.answer(offer)
        agreed = keys.accept(offer.cryptos, answer.cryptos, secure=answer.secure)
        assert agreed is not None
        agreed.onto(self.srtp)
        self._there = sound.local.host, sound.local.port

    async def roll_over(self, times: int, sound: Sound) -> None:
        """Once heard, send as many packets as it takes for the numbers to have begun anew so often: one in 16,384 of
        them."""
        heard = asyncio.Event()
        sound.on_first_packet = lambda _: heard.set()
        self.send(self._there)
        await asyncio.wait_for(heard.wait(), 10)
        for index in range(self.sequence, (times << 16) + self.sequence, 0x4000):
            self.sequence = index & 0xFFFF
            self.send(self._there)
        self.sequence = (self.sequence + 1) & 0xFFFF

    def send(self, to, sound: bytes = b"\x7f" * 160, *, payload=None) -> None:
        number = (payload or self.payload).number
        packet = rtp.build(rtp.Packet(number, self.sequence, self.timestamp, self.ssrc, sound))
        self.sock.sendto(self.srtp.seal(packet), to)
        self.sequence = (self.sequence + 1) & 0xFFFF
        self.timestamp = (self.timestamp + 160) & 0xFFFFFFFF

    def _read(self) -> None:
        data = self.sock.recv(4096)
        try:
            self.got.append(rtp.parse(self.srtp.open(data)))
        except MediaError:
            self.undecipherable += 1
