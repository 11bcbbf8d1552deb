"""Digest authentication, both sides (RFC 7616, RFC 8760, RFC 2617 without qop)."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

from sip.errors import BadMessage, ChallengeRefused
from sip.headers import parse_auth, quoted
from sip.message import Response

_HASHES: dict[str, Callable[[bytes], str]] = {
    "md5": lambda data: hashlib.md5(data, usedforsecurity=False).hexdigest(),
    "sha-256": lambda data: hashlib.sha256(data).hexdigest(),
    "sha-512-256": lambda data: hashlib.new("sha512_256", data).hexdigest(),
}
_STRENGTH = {"md5": 1, "sha-256": 2, "sha-512-256": 3}
_LABEL = {"md5": "MD5", "sha-256": "SHA-256", "sha-512-256": "SHA-512-256"}


def _hash(algorithm: str, text: str) -> str:
    return _HASHES[algorithm](text.encode("utf-8", "surrogateescape"))


def answer(
    *,
    algorithm: str,
    username: str,
    realm: str,
    password: str,
    method: str,
    uri: str,
    nonce: str,
    qop: str | None,
    nc: str,
    cnonce: str,
) -> str:
    """The response value (RFC 7616 §3.4.1; §3.4.1 of RFC 2617 when `qop` is None). `algorithm`: lower case."""
    ha1 = _hash(algorithm, f"{username}:{realm}:{password}")
    ha2 = _hash(algorithm, f"{method}:{uri}")
    middle = f"{nonce}:{nc}:{cnonce}:{qop}" if qop else nonce
    return _hash(algorithm, f"{ha1}:{middle}:{ha2}")


# ---------------------------------------------------------------- client


@dataclass(frozen=True, slots=True)
class Challenge:
    """One challenge that we are able to answer. `proxy`: from a 407."""

    realm: str
    nonce: str
    algorithm: str
    qop: bool
    stale: bool
    opaque: str | None
    proxy: bool


def challenges(response: Response) -> list[Challenge]:
    """The challenges of a 401 or 407 that this room can answer, strongest algorithm first, else in their order."""
    proxy = response.status == 407
    found: list[Challenge] = []
    for line in response.headers.get("proxy-authenticate" if proxy else "www-authenticate", []):
        scheme, fields = parse_auth(line)
        challenge = _challenge(fields, proxy) if scheme == "digest" else None
        if challenge is not None:
            found.append(challenge)
    return sorted(found, key=lambda one: -_STRENGTH[one.algorithm])


def _challenge(fields: dict[str, str], proxy: bool) -> Challenge | None:
    algorithm = fields.get("algorithm", "md5").lower()
    offered = [word.strip().lower() for word in fields.get("qop", "").split(",") if word.strip()]
    if algorithm not in _HASHES or "nonce" not in fields or "realm" not in fields:
        return None
    if offered and "auth" not in offered:
        return None
    stale = fields.get("stale", "").lower() == "true"
    return Challenge(fields["realm"], fields["nonce"], algorithm, bool(offered), stale, fields.get("opaque"), proxy)


class Credentials:
    """One user's secret and what it may be used for. Keeps the nonce and its count for the next request.

    `realm` None: the first realm seen is kept, and no other is ever answered. `minimum`: the weakest algorithm.
    """

    __slots__ = ("_count", "_last", "_minimum", "_password", "_username", "realm")

    def __init__(self, username: str, password: str, realm: str | None = None, minimum: str = "md5") -> None:
        self._username = username
        self._password = password
        self.realm = realm
        self._minimum = _STRENGTH[minimum.lower()]
        self._last: Challenge | None = None
        self._count = 0

    def answer(self, response: Response, method: str, uri: str) -> tuple[str, str]:
        """Header name and value that answer a 401 or 407. Raises `ChallengeRefused`."""
        offered = challenges(response)
        if not offered:
            raise ChallengeRefused(
                "no challenge that can be answered: the trunk must offer MD5, SHA-256 or SHA-512-256"
            )
        strong = [one for one in offered if _STRENGTH[one.algorithm] >= self._minimum]
        if not strong:
            raise ChallengeRefused("the trunk offers only algorithms below min_digest")
        ours = [one for one in strong if self.realm is None or one.realm == self.realm]
        if not ours:
            raise ChallengeRefused("the challenge is for another realm than the account's: nothing was sent")
        self.realm = ours[0].realm
        return self._use(ours[0], method, uri)

    def is_stale(self, response: Response) -> bool:
        """Whether the credentials were right and only the nonce is used up (RFC 7616 §3.3)."""
        return any(one.stale and one.realm == self.realm for one in challenges(response))

    def again(self, method: str, uri: str) -> tuple[str, str] | None:
        """Credentials for the next request under the last nonce (its count goes on); None: nothing to go on with."""
        if self._last is None or not self._last.qop:
            return None
        return self._use(self._last, method, uri)

    def _use(self, challenge: Challenge, method: str, uri: str) -> tuple[str, str]:
        same = self._last is not None and self._last.nonce == challenge.nonce
        self._count = self._count + 1 if same else 1
        self._last = challenge
        name = "proxy-authorization" if challenge.proxy else "authorization"
        return name, self._value(challenge, method, uri, f"{self._count:08x}", secrets.token_hex(8))

    def _value(self, challenge: Challenge, method: str, uri: str, nc: str, cnonce: str) -> str:
        qop = "auth" if challenge.qop else None
        result = answer(
            algorithm=challenge.algorithm,
            username=self._username,
            realm=challenge.realm,
            password=self._password,
            method=method,
            uri=uri,
            nonce=challenge.nonce,
            qop=qop,
            nc=nc,
            cnonce=cnonce,
        )
        parts = [
            f"username={quoted(self._username)}",
            f"realm={quoted(challenge.realm)}",
            f"nonce={quoted(challenge.nonce)}",
            f"uri={quoted(uri)}",
            f'response="{result}"',
            f"algorithm={_LABEL[challenge.algorithm]}",
        ]
        if challenge.opaque is not None:
            parts.append(f"opaque={quoted(challenge.opaque)}")
        if qop:
            parts.append(f'qop={qop}, nc={nc}, cnonce="{cnonce}"')
        return "Digest " + ", ".join(parts)


# ---------------------------------------------------------------- server


class Verdict(Enum):
    """ALLOWED; CHALLENGE: nothing usable was sent; STALE: right, but the nonce is used up; REFUSED: wrong."""

    ALLOWED = "allowed"
    CHALLENGE = "challenge"
    STALE = "stale"
    REFUSED = "refused"


class Guard:
    """The server's side: makes challenges, checks what comes back, refuses a nonce count that was seen (T4).

    Nonces carry their time and a keyed digest, so that none is kept before it is used. `lifetime`: seconds.
    """

    def __init__(
        self,
        realm: str,
        algorithms: Sequence[str] = ("sha-512-256", "sha-256", "md5"),
        *,
        lifetime: float = 300.0,
        key: bytes | None = None,
    ) -> None:
        self.realm = realm
        self._algorithms = [name.lower() for name in algorithms]
        self._lifetime = lifetime
        self._key = key or secrets.token_bytes(32)
        self._counts: dict[str, tuple[float, int]] = {}

    def challenge(self, now: float, *, stale: bool = False) -> list[str]:
        """The values of WWW-Authenticate (or Proxy-Authenticate), strongest first."""
        end = ", stale=true" if stale else ""
        return [
            f'Digest realm={quoted(self.realm)}, nonce="{self._nonce(now)}", algorithm={_LABEL[name]}, qop="auth"{end}'
            for name in self._algorithms
        ]

    def _nonce(self, now: float) -> str:
        stamp = f"{int(now * 1000):x}.{secrets.token_hex(4)}"
        return f"{stamp}.{self._sign(stamp)}"

    def _sign(self, stamp: str) -> str:
        return hmac.new(self._key, stamp.encode("utf-8", "surrogateescape"), hashlib.sha256).hexdigest()[:24]

    def verify(self, header: str | None, method: str, password_of: Callable[[str], str | None], now: float) -> Verdict:
        """Judge an Authorization value. `password_of` gives a user's password, None for a stranger."""
        try:
            scheme, fields = parse_auth(header or "")
        except BadMessage:
            return Verdict.CHALLENGE
        if scheme != "digest" or fields.get("realm") != self.realm or "response" not in fields:
            return Verdict.CHALLENGE
        if not self._is_right(fields, method, password_of):
            return Verdict.REFUSED
        return self._judge_nonce(fields, now)

    def _is_right(self, fields: dict[str, str], method: str, password_of: Callable[[str], str | None]) -> bool:
        algorithm = fields.get("algorithm", "md5").lower()
        password = password_of(fields.get("username", ""))
        if algorithm not in self._algorithms or fields.get("qop") != "auth":
            return False
        expected = answer(
            algorithm=algorithm,
            username=fields.get("username", ""),
            realm=self.realm,
            password=password or secrets.token_hex(8),
            method=method,
            uri=fields.get("uri", ""),
            nonce=fields.get("nonce", ""),
            qop="auth",
            nc=fields.get("nc", ""),
            cnonce=fields.get("cnonce", ""),
        )
        given = fields["response"].encode("utf-8", "surrogateescape")
        return hmac.compare_digest(expected.encode(), given) and password is not None

    def _judge_nonce(self, fields: dict[str, str], now: float) -> Verdict:
        nonce = fields["nonce"]
        stamp, _, signature = nonce.rpartition(".")
        if not hmac.compare_digest(signature.encode("utf-8", "replace"), self._sign(stamp).encode()):
            return Verdict.STALE
        made = int(stamp.partition(".")[0], 16) / 1000
        try:
            count = int(fields.get("nc", ""), 16)
        except ValueError:
            return Verdict.REFUSED
        if now - made > self._lifetime or count <= self._counts.get(nonce, (0.0, 0))[1]:
            return Verdict.STALE
        self._remember(nonce, made, count, now)
        return Verdict.ALLOWED

    def _remember(self, nonce: str, made: float, count: int, now: float) -> None:
        self._counts[nonce] = (made, count)
        if len(self._counts) > 10_000:
            alive = {key: kept for key, kept in self._counts.items() if now - kept[0] <= self._lifetime}
            self._counts = alive
