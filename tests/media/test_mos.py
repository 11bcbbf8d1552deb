"""The estimate of how a talk sounded: known points, and better is never worse."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.mos import mos


@pytest.mark.parametrize(
    ("loss", "jitter_ms", "round_trip_ms", "expected"),
    [
        (0.0, 0.0, 0.0, 4.40),  # G.711 on a perfect line: rating 92.7
        (0.0, 0.0, 300.0, 4.32),
        (0.0, 0.0, 600.0, 3.59),
        (0.01, 0.0, 0.0, 3.84),
        (0.05, 0.0, 0.0, 2.10),
        (0.2, 0.0, 0.0, 1.11),
        (1.0, 0.0, 0.0, 1.00),
    ],
)
def test_known_points(loss: float, jitter_ms: float, round_trip_ms: float, expected: float):
    assert mos(loss, jitter_ms, round_trip_ms) == pytest.approx(expected, abs=0.05)


@given(st.floats(0, 1), st.floats(0, 500), st.floats(0, 5000), st.floats(0, 0.2))
def test_more_loss_or_delay_never_sounds_better(loss: float, jitter_ms: float, trip_ms: float, more: float):
    score = mos(loss, jitter_ms, trip_ms)

    assert 1.0 <= score <= 4.5
    assert mos(min(1.0, loss + more), jitter_ms, trip_ms) <= score + 0.01
    assert mos(loss, jitter_ms, trip_ms + 1000 * more) <= score + 0.01
