"""Messages out of a stream of bytes, whatever pieces it comes in."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sip.errors import BadStream
from sip.framing import PING, Framer
from sip.message import MAX_SIZE


def message(body: bytes = b"", length: str | None = None, start: str = "OPTIONS sip:a@h SIP/2.0") -> bytes:
    line = f"Content-Length: {len(body)}" if length is None else length
    return f"{start}\r\nCall-ID: c\r\n{line}\r\n\r\n".encode() + body


def told(*pieces: bytes) -> list[bytes]:
    framer = Framer()
    return [found for piece in pieces for found in framer.feed(piece)]


def broken(*pieces: bytes) -> list[bytes]:
    """What was told before the stream was given up."""
    framer, found = Framer(), []
    try:
        for piece in pieces:
            for one in framer.feed(piece):
                found.append(one)
    except BadStream:
        return found
    raise AssertionError("the stream was not given up")


@given(
    bodies=st.lists(st.binary(max_size=40), min_size=1, max_size=4),
    cuts=st.lists(st.integers(0, 400), max_size=8),
    between=st.sampled_from([b"", b"\r\n", PING, PING + b"\r\n"]),
)
def test_messages_come_whole_however_the_stream_is_cut(bodies: list[bytes], cuts: list[int], between: bytes) -> None:
    whole = between.join(message(body) for body in bodies)
    edges = [0, *sorted(cut for cut in cuts if cut < len(whole)), len(whole)]

    found = told(*(whole[a:b] for a, b in pairwise(edges)))

    assert [one for one in found if one.strip()] == [message(body) for body in bodies]


@pytest.mark.parametrize("cuts", [(4,), (1, 3), (3, 1), (1, 2, 1)])
def test_two_empty_lines_ask_for_a_sign_of_life(cuts: tuple[int, ...]) -> None:
    ends = [sum(cuts[:n]) for n in range(len(cuts) + 1)]

    assert told(*(PING[a:b] for a, b in pairwise(ends))) == [PING]


def test_one_empty_line_is_the_answer_and_says_nothing() -> None:
    assert told(b"\r\n", b"\r\n", message()) == [message()]


@pytest.mark.parametrize("line", ["l: 3", "L:3 ", "content-length :3", "CONTENT-LENGTH: \r\n 3"])
def test_the_length_is_found_in_all_its_forms(line: str) -> None:
    whole = message(b"abc", line)

    assert told(whole + message()) == [whole, message()]


@pytest.mark.parametrize(
    "rubbish",
    [
        b"GET / HTTP/1.1\r\nHost: h\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"\0" * 10,
        b"a" * 9_000,
        message()[:-2] + b"X: y\r\n" * 6_000,
        message(length=f"Content-Length: {MAX_SIZE}"),
    ],
)
def test_what_is_not_sip_or_too_long_ends_the_stream_after_what_was_right(rubbish: bytes) -> None:
    pieces = [rubbish[at : at + 1_000] for at in range(0, len(rubbish), 1_000)]

    assert broken(message(b"abc"), *pieces) == [message(b"abc")]


@pytest.mark.parametrize("line", ["Content-Length: -999", "Content-Length: 3\r\nl: 3", "Content-Length: 9999999999"])
def test_a_message_of_untold_length_is_given_for_its_refusal_and_ends_the_stream(line: str) -> None:
    assert broken(message(b"abc", line)) == [message(b"", line)]


@given(
    st.lists(st.one_of(st.binary(max_size=50), st.sampled_from([message(b"ab"), PING, b"SIP/2.0 ", b"l: 5\r\n\r\n"])))
)
def test_no_bytes_do_more_than_end_the_stream(pieces: list[bytes]) -> None:
    framer = Framer()
    try:
        found = b"".join(one for piece in pieces for one in framer.feed(piece))
    except BadStream:
        return
    assert len(found) <= sum(map(len, pieces))
