import pytest

from media.dtmf import MOST_PER_SECOND, Keypad, parse


def event(code: int, *, end: bool = False, duration: int = 160) -> bytes:
    return bytes([code, 0x8A if end else 0x0A]) + duration.to_bytes(2)


@pytest.mark.parametrize(("code", "key"), [(0, "0"), (9, "9"), (10, "*"), (11, "#"), (12, "A"), (15, "D")])
def test_every_key_has_its_code(code, key):
    assert parse(event(code)).key == key


@pytest.mark.parametrize("payload", [b"", b"\x01\x0a\x00", event(16), event(255)])
def test_what_is_no_key_is_ignored(payload):
    assert parse(payload) is None
    assert Keypad().press(payload, 1, 100, 0.0) is None


def test_one_press_is_one_key_however_many_packets_tell_of_it():
    keypad = Keypad()

    keys = [keypad.press(event(5, duration=160 * n), 1, 4000, 0.02 * n) for n in range(1, 6)]
    keys += [keypad.press(event(5, end=True, duration=960), 1, 4000, 0.13) for _ in range(3)]

    assert keys == ["5"] + [None] * 7


def test_the_same_key_again_counts_again_when_its_start_was_lost():
    keypad = Keypad()

    keys = [
        keypad.press(event(5), 1, 4000, 0.0),
        keypad.press(event(5, end=True), 1, 8000, 0.5),
        keypad.press(event(5), 1, 4000, 0.51),  # a straggler of the first press
    ]

    assert keys == ["5", "5", None]


def test_timestamps_may_wrap_and_a_new_source_starts_where_it_likes():
    keypad = Keypad()

    keys = [
        keypad.press(event(1), 1, 0xFFFFFF00, 0.0),
        keypad.press(event(2), 1, 0x00000200, 0.1),
        keypad.press(event(3), 2, 0x00000001, 0.2),
    ]

    assert keys == ["1", "2", "3"]


def test_a_flood_of_keys_is_bounded_and_counted():
    keypad = Keypad()

    keys = [keypad.press(event(1), 1, 1000 + n, 10.0 + n / 1000) for n in range(500)]
    later = keypad.press(event(7), 1, 9000, 11.5)

    assert len([key for key in keys if key]) == MOST_PER_SECOND
    assert keypad.ignored == 500 - MOST_PER_SECOND
    assert later == "7"
