"""What is looked at before anything is remembered of a packet: strangers, floods, and how much we can bear."""

from __future__ import annotations

from dataclasses import dataclass

from kit import log

_log = log.get("sip.gate")
_EVERY = 60.0
RETRY_AFTER = "5"
"""Seconds that a peer is asked to leave us alone, when we have too much to do (RFC 3261 §21.5.4)."""

OfferKey = tuple[str, str, int]
"""Call-ID, From tag and CSeq of an INVITE outside any dialog."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What an endpoint takes on. `requests`: new ones a second from one peer, twice as many at once; `half_open`: calls
    offered and neither confirmed nor over, in all and `half_open_from_one` peer; `transactions`: alive at once."""

    requests: float = 500.0
    half_open_from_one: int = 200
    half_open: int = 400
    transactions: int = 20_000


USUAL = Limits()


class Gate:
    """Counts, and says what it turned away at most once a minute. `now`: monotonic seconds."""

    __slots__ = ("_buckets", "_floods", "_half_open", "_limits", "_of_host", "_refusals", "_strangers")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._strangers = _Minute("packets from unknown addresses were dropped")
        self._floods = _Minute("requests of a peer were dropped: it sends too many")
        self._refusals = _Minute("requests were refused with 503: there is too much to do")
        self._buckets: dict[str, _Bucket] = {}
        self._half_open: dict[OfferKey, str] = {}
        self._of_host: dict[str, int] = {}

    @property
    def count(self) -> int:
        """Packets and connections of strangers."""
        return self._strangers.count

    @property
    def half_open(self) -> int:
        """Calls that were offered and are neither confirmed nor over."""
        return len(self._half_open)

    def stranger(self, now: float) -> None:
        """One packet or connection from an address that is no peer's."""
        self._strangers.add(now)

    def is_flood(self, host: str, now: float) -> bool:
        """Whether a peer's new request is one too many: it is dropped, the peer repeats it."""
        bucket = self._buckets.get(host)
        if bucket is None:
            bucket = self._buckets[host] = _Bucket(self._limits.requests, now)
        if bucket.take(now):
            return False
        self._floods.add(now)
        return True

    def is_too_much(self, host: str, is_call: bool, transactions: int, now: float) -> bool:
        """Whether a new request is to be refused with 503, `transactions` being alive."""
        too_much = transactions >= self._limits.transactions or (is_call and self._is_crowded(host))
        if too_much:
            self._refusals.add(now)
        return too_much

    def _is_crowded(self, host: str) -> bool:
        from_one = self._of_host.get(host, 0)
        return from_one >= self._limits.half_open_from_one or len(self._half_open) >= self._limits.half_open

    def opened(self, key: OfferKey, host: str) -> None:
        """A call is offered."""
        if key not in self._half_open:
            self._half_open[key] = host
            self._of_host[host] = self._of_host.get(host, 0) + 1

    def settled(self, key: OfferKey) -> None:
        """It is confirmed, or over."""
        host = self._half_open.pop(key, None)
        if host is None:
            return
        self._of_host[host] -= 1
        if not self._of_host[host]:
            del self._of_host[host]


class _Bucket:
    """So many a second, twice as many at once."""

    __slots__ = ("_at", "_left", "_rate")

    def __init__(self, rate: float, now: float) -> None:
        self._rate = rate
        self._left = 2 * rate
        self._at = now

    def take(self, now: float) -> bool:
        self._left = min(2 * self._rate, self._left + (now - self._at) * self._rate)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class _Minute:
    """One sentence for the log, at most once a minute, with how often it was true since."""

    __slots__ = ("_logged_at", "_sentence", "_since", "count")

    def __init__(self, sentence: str) -> None:
        self.count = 0
        self._sentence = sentence
        self._since = 0
        self._logged_at: float | None = None

    def add(self, now: float) -> None:
        self.count += 1
        self._since += 1
        if self._logged_at is None or now - self._logged_at >= _EVERY:
            _log.warning(self._sentence, count=self._since)
            self._logged_at = now
            self._since = 0


@dataclass(slots=True)
class Counts:
    """What the owner may show as metrics; all only grow."""

    received: int = 0
    sent: int = 0
    malformed: int = 0
    unmatched: int = 0
    errors: int = 0
