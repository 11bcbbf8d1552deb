"""Offer and answer of one leg (RFC 3264), with the keys in them (RFC 4568); pure but for the dice of the keys."""

from dataclasses import dataclass, replace

from media.description import DTMF, Description, Direction, Payload, answer_to, common
from media.sdes import Agreement, Encryption, Sdes


@dataclass(frozen=True, slots=True)
class Terms:
    """What both sides have said of a leg. `remote`: without what is not common. `keys`: what to seal and open with,
    None: plain sound; `keyed`: whether descriptions have a word on that at all."""

    local: Description
    remote: Description
    keys: Agreement | None = None
    keyed: bool = False

    @property
    def mute(self) -> bool:
        """One side does not want our sound."""
        return not (self.remote.direction.receives and self.local.direction.sends)


class Negotiation:
    """What was said of one leg so far. `local` and `remote`: the latest word of each side."""

    def __init__(self, host: str, port: int, codecs: tuple[Payload, ...], encryption: Encryption) -> None:
        self._own = self.local = Description(host, port, (*codecs, DTMF))
        self.remote: Description | None = None
        self._sdes = Sdes(encryption)

    def offer(self, direction: Direction) -> Description:
        """Our description for an INVITE or re-INVITE."""
        cryptos, secure = self._sdes.offer(), self._sdes.insists
        self.local = replace(self._own, direction=direction, cryptos=cryptos, secure=secure)
        return self.local

    def answer(self, offer: Description) -> Terms:
        """Take an offer; our answer is the local side of the terms. Raises NoCommonCodec, NoCommonCipher; all is then
        as before."""
        answer = answer_to(offer, self._own)
        agreed = self._sdes.answer(offer.cryptos, secure=offer.secure)
        self.local = replace(answer, cryptos=(agreed.ours,) if agreed else (), secure=offer.secure)
        return self._agree(common(answer, offer), agreed)

    def accept(self, answer: Description) -> Terms:
        """Take an answer to our offer. Raises NoCommonCodec, NoCommonCipher; all is then as before."""
        remote = common(self.local, answer)
        return self._agree(remote, self._sdes.accept(self.local.cryptos, answer.cryptos, secure=answer.secure))

    def _agree(self, remote: Description, agreed: Agreement | None) -> Terms:
        self.remote = remote
        keyed = self._sdes.wanted is not Encryption.OFF
        if keyed:
            self._sdes.use(agreed)
        return Terms(self.local, remote, agreed, keyed)


def held(remote: Description | None) -> bool:
    """The far end asked for silence (sendonly or inactive)."""
    return remote is not None and not remote.direction.receives
