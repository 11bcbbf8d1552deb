from datetime import UTC, datetime

from kit import ids
from kit.clock import ManualClock, SystemClock


def test_ids_are_hex_of_uuid7_layout():
    made = ids.new()

    assert len(made) == 32
    assert int(made, 16) >= 0
    assert made[12] == "7"
    assert made[16] in "89ab"


def test_ids_grow_even_within_one_millisecond_and_when_the_clock_steps_back():
    source = ids.Source()

    made = [source.new(1_000) for _ in range(10_000)] + [source.new(500), source.new(2_000)]

    assert made == sorted(made)
    assert len(set(made)) == len(made)


def test_an_id_begins_with_its_millisecond():
    assert int(ids.Source().new(1_700_000_000_123)[:12], 16) == 1_700_000_000_123


def test_system_clock_is_aware_and_monotonic():
    clock = SystemClock()

    before = clock.monotonic()

    assert clock.now().tzinfo is UTC
    assert clock.monotonic() >= before


def test_manual_clock_steps_wall_time_without_moving_durations():
    clock = ManualClock(datetime(2026, 1, 1, tzinfo=UTC))

    clock.advance(1.5)
    clock.set(datetime(2027, 1, 1, tzinfo=UTC))

    assert clock.now().year == 2027
    assert clock.monotonic() == 1.5
