"""How a conversation sounded, as one figure: the E-model for G.711 reduced to loss and delay; pure.

ITU-T G.107 §7 with every other parameter at its default, the delay's part simplified as by Cole and Rosenbluth (2001),
loss of single packets by ITU-T G.113 appendix I for G.711 without concealment. An estimate to compare calls by.
"""

_BASE = 93.2
_PACKET_LOSS_ROBUSTNESS = 4.3
_WORST_IMPAIRMENT = 95.0
_PACKET_MS = 20.0
_NOTICED_DELAY_MS = 177.3


def mos(loss: float, jitter_ms: float, round_trip_ms: float) -> float:
    """1.0 to 4.41 for a share of lost packets (0 to 1), jitter and round trip in ms.

    A receiver's jitter buffer is taken to hold twice the jitter.
    """
    delay_ms = round_trip_ms / 2 + 2 * jitter_ms + _PACKET_MS
    return _mean_opinion(_BASE - _by_delay(delay_ms) - _by_loss(100 * loss))


def _by_delay(ms: float) -> float:
    return 0.024 * ms + 0.11 * max(0.0, ms - _NOTICED_DELAY_MS)


def _by_loss(percent: float) -> float:
    return _WORST_IMPAIRMENT * percent / (percent + _PACKET_LOSS_ROBUSTNESS)


def _mean_opinion(rating: float) -> float:
    """ITU-T G.107 annex B."""
    if rating <= 0:
        return 1.0
    return max(1.0, 1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6)
