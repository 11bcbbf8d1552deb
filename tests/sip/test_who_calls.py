"""Asserted numbers, privacy, diversion, and digits by INFO, as they come and as they are sent."""

import asyncio

import pytest
from imagined_net import B, Net, kind, play, talking
from listening import Ear, dial

from sip import identity
from sip.agent import UserAgent
from sip.errors import UnsafeField, WrongState
from sip.listener import Peer
from sip.message import Request
from sip.server_call import ServerCall

Fields = list[tuple[str, str]]
ASSERTED = ("p-asserted-identity", '"Ayşe" <sip:+905321112233@trunk>')


def offered(fields: Fields, *, trusted: bool = True) -> ServerCall:
    """An incoming call with these fields, as a trunk or a phone sends it."""
    calls: list[ServerCall] = []

    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        second.peers = lambda host: Peer("trunk", trusted=trusted)
        other.on_offer = calls.append
        call_id, tag, cseq = first.seed()
        to = "sip:+902121112233@10.0.0.2"
        seed = {"call_id": call_id, "from_tag": tag, "cseq": cseq}
        number = {"from_uri": "sip:+79160000001@10.0.0.1", "display_name": "Far"}
        first.invite(to, to_uri=to, sdp=b"", destination=(B, 5060), headers=fields, **seed, **number)
        await other.until("offered")

    play(scene)
    return calls[0]


@pytest.mark.parametrize(
    ("fields", "trusted", "number", "name"),
    [
        ([], True, "+79160000001", "Far"),
        ([ASSERTED], True, "+905321112233", "Ayşe"),
        ([ASSERTED], False, "+79160000001", "Far"),
        ([("p-asserted-identity", "<sip:pbx@trunk>, <tel:+905321112244>")], True, "+905321112244", "Far"),
        ([("p-asserted-identity", '"broken')], True, "+79160000001", "Far"),
        ([ASSERTED, ("privacy", "id")], True, None, ""),
        ([("privacy", "user;critical")], False, None, ""),
        ([ASSERTED, ("privacy", "none")], True, "+905321112233", "Ayşe"),
        ([ASSERTED, ("privacy", 'none, "broken')], True, "+905321112233", "Ayşe"),
    ],
)
def test_who_calls_is_what_a_trunk_asserts_unless_it_is_withheld(
    fields: Fields, trusted: bool, number: str | None, name: str
) -> None:
    call = offered(fields, trusted=trusted)

    assert (call.number, call.name) == (number, name)


def test_who_sent_a_call_on_is_shown_as_text() -> None:
    """What cannot be read is left out."""
    said = ["<sip:+902120000001@x>;reason=no-answer", "sip:bare@x?subject=1", "<sip:desk\u202e@y>"]
    call = offered([("diversion", ", ".join(said))])

    assert call.diverted_by == ["+902120000001", "sip:desk‹U+202E›@y"]


def test_what_the_network_found_of_the_number_is_shown_and_believed_of_trunks_only() -> None:
    said = [("p-asserted-identity", "<tel:+905321112233;verstat=TN-Validation-Passed>")]

    assert (offered(said).verstat, offered(said, trusted=False).verstat) == ("TN-Validation-Passed", "")
    assert offered([]).verstat == ""


def test_a_signed_identity_is_text() -> None:
    assert offered([("identity", "eyJh\u202e.b.c;info=<https://x>")]).identity_token.startswith("eyJh‹U+202E›.b.c")


def test_fields_to_send_are_made_safe() -> None:
    made = identity.fields(
        asserted="sip:+905321112233@x", name='A "b"', privacy=("id",), diverted_by=("sip:+90212@y", "sip:+90312@y")
    )

    assert made == [
        ("p-asserted-identity", '"A b" <sip:+905321112233@x>'),
        ("privacy", "id"),
        ("diversion", "<sip:+90212@y>"),
        ("diversion", "<sip:+90312@y>"),
    ]
    assert identity.fields() == []
    with pytest.raises(UnsafeField):
        identity.fields(asserted="sip:a@b>\r\nX: y")


def test_fields_that_are_asked_for_go_out_with_the_invite() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        dial(first, (B, 5060), headers=identity.fields(asserted="sip:+905321112233@x", privacy=("id",)))
        await other.until("offered")

    invite = play(scene).log[0][2]
    assert (invite.get("p-asserted-identity"), invite.get("privacy")) == ("<sip:+905321112233@x>", "id")


# ---------------------------------------------------------------- INFO


@pytest.mark.parametrize(
    ("kind", "body", "status", "digit"),
    [
        ("application/dtmf-relay", b"Signal=5\r\nDuration=250\r\n", 200, ("5", 250)),
        ("application/dtmf-relay", b"Signal= #\r\nDuration= 99999\r\n", 200, ("#", 10_000)),
        ("application/dtmf-relay", b"signal=10\r\nduration=x", 200, ("*", 160)),
        ("application/dtmf", b"d", 200, ("D", 160)),
        ("application/dtmf", b"12", 415, None),
        ("application/dtmf-relay", b"nothing", 415, None),
        ("text/plain", b"5", 415, None),
        ("application/dtmf", b"", 200, None),
    ],
)
def test_digits_by_info(kind: str, body: bytes, status: int, digit: tuple[str, int] | None) -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        call, theirs = await talking(first, second, other)
        request: Request = call.dialog.request("INFO", call.dialog.next_cseq(), body)
        request.set("content-type", kind)
        got, _ = await first.ask(request, call.dialog.next_hop())
        assert got == status
        assert [entry[1:] for entry in other.of("digit")] == ([(theirs, *digit)] if digit else [])

    play(scene)


def test_our_keys_go_by_info_one_after_the_other() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        call, theirs = await talking(first, second, other)
        lost: list[Request] = []
        net.lose = lambda _, message: not lost and kind(message) == "INFO" and not lost.append(message)  # type: ignore[func-returns-value]
        call.press("1#A")
        await asyncio.sleep(5)
        assert [entry[1:] for entry in other.of("digit")] == [(theirs, key, 160) for key in "1#A"]
        with pytest.raises(UnsafeField):
            call.press("1 ")
        call.hang_up()
        with pytest.raises(WrongState):
            call.press("1")

    play(scene)


def test_keys_pressed_while_others_are_on_their_way_come_behind_them() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        call, _ = await talking(first, second, other)
        lost: list[Request] = []
        net.lose = lambda _, message: not lost and kind(message) == "INFO" and not lost.append(message)  # type: ignore[func-returns-value]
        call.press("12")
        call.press("3")
        await asyncio.sleep(5)
        call.press("4")
        await asyncio.sleep(5)
        assert [entry[2] for entry in other.of("digit")] == list("1234")

    play(scene)


def test_keys_that_the_other_side_refuses_end_there() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        call, theirs = await talking(first, second, other)
        second.forget(theirs)
        call.press("12")
        await asyncio.sleep(5)
        assert net.flow()[-2:] == ["INFO", 481]
        call.press("3")
        await asyncio.sleep(5)
        assert net.flow()[-4:] == ["INFO", 481, "INFO", 481]

    play(scene)
