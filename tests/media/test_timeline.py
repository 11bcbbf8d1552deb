"""Sound has its place by the far end's timestamps, as long as these keep to the clock."""

import pytest

from media.timeline import Timeline


def test_jitter_does_not_move_what_is_placed():
    line = Timeline(100.0)

    placed = [line.place(7, 5000 + 160 * n, 100.0 + 0.02 * n + late) for n, late in enumerate((0.0, 0.03, 0.01, 0.2))]

    assert placed == pytest.approx([0.0, 0.02, 0.04, 0.06])


def test_timestamps_that_wrap_and_packets_out_of_order_keep_their_places():
    line = Timeline(0.0)

    placed = [line.place(7, (n * 160 - 320) & 0xFFFFFFFF, 0.1) for n in (0, 2, 1, 3)]

    assert placed == pytest.approx([0.1, 0.14, 0.12, 0.16])


@pytest.mark.parametrize("ahead", [0.51, -0.51], ids=["ahead", "behind"])
def test_timestamps_that_leave_the_clock_begin_anew_at_their_arrival(ahead):
    line = Timeline(0.0)
    line.place(7, 80_000, 2.0)

    assert line.place(7, 80_000 + int(8000 * (1.0 + ahead)), 3.0) == 3.0
    assert line.place(7, 80_160 + int(8000 * (1.0 + ahead)), 3.03) == pytest.approx(3.02)


def test_a_new_source_begins_at_its_arrival():
    line = Timeline(0.0)
    line.place(7, 80_000, 2.0)

    assert line.place(8, 80_000, 2.5) == 2.5
