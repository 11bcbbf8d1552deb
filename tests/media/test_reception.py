import pytest

from media.reception import Reception


def heard(numbers, *, ssrc: int = 5) -> Reception:
    reception = Reception()
    for n in numbers:
        reception.count(ssrc, n & 0xFFFF, n * 160, n * 0.02)
    return reception


def test_loss_is_counted_across_the_wrap():
    reception = heard(n for n in range(65500, 65600) if n % 10)

    assert reception.lost == 9  # the tenth gap is the first packet itself, which nobody missed


def test_disorder_and_duplicates_are_no_loss():
    reception = heard([10, 12, 13, 13, 14, 11])

    assert reception.lost == 0
    assert reception.block(1.0).highest == 14


def test_steady_sound_has_no_jitter_and_late_packets_have():
    steady, shaken = heard(range(200)), Reception()
    for n in range(200):
        shaken.count(5, n, n * 160, n * 0.02 + (0.010 if n % 2 else 0.0))

    assert steady.jitter_ms == pytest.approx(0, abs=0.01)
    assert shaken.jitter_ms == pytest.approx(10, rel=0.05)


def test_a_block_tells_the_fraction_since_the_last_one():
    reception = heard(n for n in range(100) if n != 50)
    first = reception.block(2.0)
    for n in range(100, 200):
        if n % 2:
            reception.count(5, n, n * 160, n * 0.02)
    second = reception.block(4.0)

    assert (first.fraction, first.lost) == (2, 1)
    assert (second.fraction, second.lost, second.highest) == (128, 51, 199)


def test_the_delay_since_the_senders_report_is_told():
    reception = heard(range(5))
    reception.heard_report(0x11112222_33334444, 10.0)

    block = reception.block(10.5)

    assert (block.lsr, block.dlsr) == (0x22223333, 32768)


def test_a_new_source_keeps_the_loss_that_was():
    reception = heard([1, 2, 4])
    reception.count(6, 9000, 0, 1.0)

    assert reception.lost == 1
    assert reception.block(1.0).lost == 0
