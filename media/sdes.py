"""Keys told in the description (SDES, RFC 4568): what one leg offers, answers and agrees to; pure but for the dice."""

import secrets
from dataclasses import dataclass, field
from enum import StrEnum

from media.errors import NoCommonCipher
from media.srtp import SUITES, Srtp


class Encryption(StrEnum):
    """Whether sound is encrypted. OPTIONAL offers keys beside plain RTP/AVP and takes either."""

    OFF = "off"
    OPTIONAL = "optional"
    REQUIRED = "required"


@dataclass(frozen=True, slots=True)
class Crypto:
    """One way to encrypt that a side offers: its own master key and salt under a tag (RFC 4568 §4)."""

    tag: int
    suite: str
    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Agreement:
    """What both sides seal with: the same suite, each with its own key."""

    ours: Crypto
    theirs: Crypto

    def onto(self, srtp: Srtp | None) -> Srtp:
        """The streams under these keys; those of `srtp` go on where a key is the same."""
        srtp = srtp or Srtp()
        srtp.key(SUITES[self.ours.suite], self.ours.key, self.theirs.key)
        return srtp


class Sdes:
    """Our keys: one a suite for as long as it is in use, and a new one when a suite comes back."""

    def __init__(self, wanted: Encryption) -> None:
        self.wanted = wanted
        self._keys: dict[str, bytes] = {}
        self._in_use: str | None = None

    @property
    def insists(self) -> bool:
        """The profile of our offers is RTP/SAVP."""
        return self.wanted is Encryption.REQUIRED

    def offer(self) -> tuple[Crypto, ...]:
        """Our lines, most wanted first; none when encryption is off."""
        if self.wanted is Encryption.OFF:
            return ()
        return tuple(Crypto(tag, suite, self._key(suite)) for tag, suite in enumerate(SUITES, 1))

    def answer(self, offered: tuple[Crypto, ...], *, secure: bool) -> Agreement | None:
        """Our answer to an offer's lines: the first that we have too, under its tag (RFC 4568 §5.1.2). `secure`: the
        offer's profile is RTP/SAVP. None: plain sound. Raises NoCommonCipher."""
        theirs = None if self.wanted is Encryption.OFF else next((c for c in offered if _usable(c)), None)
        if theirs is None:
            self._refuse_plain(offered, secure=secure)
            return None
        return Agreement(Crypto(theirs.tag, theirs.suite, self._key(theirs.suite)), theirs)

    def accept(self, offered: tuple[Crypto, ...], answered: tuple[Crypto, ...], *, secure: bool) -> Agreement | None:
        """The line of our offer that the answer took (RFC 4568 §5.1.3). None: plain sound. Raises NoCommonCipher."""
        for theirs in answered:
            ours = next((c for c in offered if (c.tag, c.suite) == (theirs.tag, theirs.suite)), None)
            if ours is not None and _usable(theirs):
                return Agreement(ours, theirs)
        self._refuse_plain(answered, secure=secure)
        return None

    def _refuse_plain(self, said: tuple[Crypto, ...], *, secure: bool) -> None:
        if secure or self.insists:
            raise NoCommonCipher(tuple(c.suite for c in said), wanted=self.wanted)

    def use(self, agreed: Agreement | None) -> None:
        """This is what the leg seals with now; a key that is left is not used again."""
        suite = agreed.ours.suite if agreed else None
        if self._in_use is not None and suite != self._in_use:
            self._keys.pop(self._in_use, None)
        self._in_use = suite

    def _key(self, suite: str) -> bytes:
        return self._keys.setdefault(suite, secrets.token_bytes(SUITES[suite].key_length))


def _usable(crypto: Crypto) -> bool:
    suite = SUITES.get(crypto.suite)
    return suite is not None and len(crypto.key) == suite.key_length
