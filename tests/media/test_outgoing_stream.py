import pytest

from media.stream import Outgoing


def test_made_sound_counts_on_by_packets():
    stream = Outgoing(1, 65534, 0xFFFFFFFF - 100)

    numbers = [stream.generate(0.02 * n, first=n == 0) for n in range(3)]

    assert numbers == [(65535, 59), (0, 219), (1, 379)]


def test_silence_between_sounds_passes_in_the_timestamp_only():
    stream = Outgoing(1, 10, 0)
    stream.generate(0.0, first=True)

    assert stream.generate(2.0, first=True) == (12, 160 + 16000)


def test_a_relayed_source_continues_the_stream_across_its_own_wrap():
    stream = Outgoing(1, 10, 0)
    stream.generate(0.0, first=True)

    out = [stream.follow(7, n & 0xFFFF, (n * 160) & 0xFFFFFFFF, 1.0 + n * 0.02) for n in range(65533, 65540)]

    assert [o[0] for o in out] == list(range(12, 19))
    assert [o[1] - out[0][1] for o in out] == [160 * n for n in range(7)]
    assert [o[2] for o in out] == [True] + [False] * 6


def test_loss_and_disorder_of_the_source_stay_visible():
    stream = Outgoing(1, 0, 0)

    out = [stream.follow(7, n, n * 160, 1.0)[0] for n in (100, 101, 104, 103, 105)]

    assert out == [1, 2, 5, 4, 6]


def test_packets_from_before_the_change_are_dropped():
    stream = Outgoing(1, 0, 0)
    stream.follow(7, 100, 16000, 1.0)

    assert stream.follow(7, 99, 15840, 1.0) is None
    assert stream.follow(7, 101, 16160, 1.02)[0] == 2


def test_a_new_source_or_a_wild_jump_is_seamless():
    stream = Outgoing(1, 0, 0)
    stream.follow(7, 100, 16000, 1.0)

    other = stream.follow(8, 40000, 999_999, 1.02)
    jumped = stream.follow(8, 9, 5, 1.04)

    assert (other[0], other[2]) == (2, True)
    assert (jumped[0], jumped[2]) == (3, True)
    assert 0 < jumped[1] - other[1] <= 320


def test_the_same_source_after_begin_is_a_new_one():
    stream = Outgoing(1, 0, 0)
    stream.follow(7, 100, 16000, 1.0)
    stream.begin()

    assert stream.follow(7, 600, 96000, 11.0) == (2, 160 + 80000, True)


def test_a_late_packet_is_known_as_late_after_half_the_numbers_went_by():
    stream = Outgoing(1, 0, 0)
    for n in range(70000):
        stream.follow(7, n & 0xFFFF, n * 160 & 0xFFFFFFFF, n * 0.02)

    late = stream.follow(7, (70000 - 3) & 0xFFFF, 0, 1400.0)

    assert late is not None
    assert late[0] == (70000 - 3 + 1) & 0xFFFF


def test_a_source_that_returns_after_made_sound_is_a_new_one():
    stream = Outgoing(1, 0, 0)
    stream.follow(7, 100, 16000, 1.0)
    stream.generate(1.02, first=False)

    assert stream.follow(7, 101, 16160, 1.04)[::2] == (3, True)


@pytest.mark.parametrize("jump", [3001, 30_000, -101])
def test_a_source_that_jumps_far_goes_on_without_a_gap(jump):
    stream = Outgoing(1, 100, 0)
    stream.follow(7, 5000, 0, 0.0)
    stream.follow(7, 5001, 160, 0.02)

    assert stream.follow(7, 5001 + jump, 99_000, 0.04) == (103, 480, True)
