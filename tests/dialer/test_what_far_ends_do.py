"""What the other side of a leg does besides talking, as the engine is told of it: by real SIP and RTP."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from trunk_side import Outgoing, Service

from dialer.digits import Digits, Way
from dialer.errors import KeysNotTaken
from dialer.legs import to_text
from dialer.line_events import (
    LegAnswered,
    LegDigit,
    LegFailed,
    LegHeld,
    LegOffered,
    LegResumed,
    LegTransferAsked,
    LineEvent,
)
from dialer.lines import SipLines
from dialer.shapes import AttemptId, LegId
from dialer.trunks import Trunk
from kit.clock import SystemClock
from media.description import DTMF
from media.session import Leg, PortRange
from sip import identity
from sip.call import Call
from sip.message import Request
from sip.replaces import Replaces
from sip.transport import Address

LINE_PORTS = (29000, 29198)


class Far(Service):
    """The trunk: answers, or sends on to `targets`; keeps what it is told of its transfers."""

    def __init__(self) -> None:
        super().__init__()
        self.targets: list[str] = []
        self.transfers: list[tuple[int, bool]] = []
        self.invites: list[str] = []
        self.digits: list[str] = []

    def on_digit(self, call: Call, digit: str, duration_ms: int) -> None:
        self.digits.append(digit)

    def on_offered(self, call: object) -> None:
        self.invites.append(call.request.uri)  # type: ignore[attr-defined]
        if self.targets:
            call.refuse(302, headers=[("contact", target) for target in self.targets])  # type: ignore[attr-defined]
        else:
            super().on_offered(call)

    def on_ended(self, call: object, by_us: bool, cause: str) -> None:
        if call in self.calls:
            super().on_ended(call, by_us, cause)

    def on_transfer(self, call: Call, status: int, last: bool) -> None:
        self.transfers.append((status, last))


class Ear:
    """The engine's place: hears all, accepts what is offered, takes transfers to 1002 on."""

    def __init__(self, lines: SipLines) -> None:
        self.lines = lines
        self.heard: list[LineEvent] = []

    def __call__(self, event: LineEvent) -> None:
        self.heard.append(event)
        if isinstance(event, LegOffered):
            self.lines.accept(event.leg)
        elif isinstance(event, LegTransferAsked) and event.target == "1002":
            self.lines.tell_transfer(event.leg, 100)

    def of(self, kind: type[LineEvent]) -> list[LineEvent]:
        return [event for event in self.heard if type(event) is kind]


async def until(done: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not done():
            await asyncio.sleep(0.01)


@pytest.fixture
def transfer() -> bool:
    return True


@pytest.fixture
def trusted() -> bool:
    return True


@pytest.fixture
async def line(transfer: bool, trusted: bool) -> AsyncIterator[tuple[Far, SipLines, Ear]]:
    far = Far()
    await far.agent.start()
    port = int(far.agent.local_address.rpartition(":")[2])
    trunk = Trunk("here", "127.0.0.1", port, register=False, transfer=transfer, trusted=trusted)
    lines = SipLines((trunk,), SystemClock(), ports=PortRange("127.0.0.1", *LINE_PORTS), ask_s=0, silence_s=0)
    ear = Ear(lines)
    lines.listen(ear)
    await lines.start()
    await until(lambda: lines.trunks()[0].up)
    yield far, lines, ear
    await lines.stop()
    await far.agent.stop()


async def talk(far: Far, lines: SipLines, ear: Ear) -> tuple[Outgoing, LegId]:
    """A call from the trunk that was answered."""
    out = far.dial("+902120000000", int(lines.agent.local_address.rpartition(":")[2]))
    await until(lambda: ear.of(LegAnswered) and out.answered.is_set())
    (answered,) = ear.of(LegAnswered)
    assert isinstance(answered, LegAnswered)
    return out, answered.leg


@pytest.mark.parametrize("by_address", [False, True])
async def test_both_forms_of_hold_are_told_and_so_is_their_end(
    line: tuple[Far, SipLines, Ear], by_address: bool
) -> None:
    far, lines, ear = line
    out, leg = await talk(far, lines, ear)

    out.call.hold(by_address=by_address)
    await until(lambda: ear.of(LegHeld))
    out.call.resume()
    await until(lambda: ear.of(LegResumed))

    assert (ear.of(LegHeld), ear.of(LegResumed)) == ([LegHeld(leg)], [LegResumed(leg)])


async def test_a_refresh_is_no_hold(line: tuple[Far, SipLines, Ear]) -> None:
    far, lines, ear = line
    out, _ = await talk(far, lines, ear)

    out.call.renegotiate(out.call.local_sdp)
    await asyncio.sleep(0.2)

    assert ear.of(LegHeld) + ear.of(LegResumed) == []


# ---------------------------------------------------------------- who calls


def call_in(far: Far, lines: SipLines, headers: list[tuple[str, str]]) -> Outgoing:
    """A call whose From says +902120000000."""
    out = Outgoing()
    out.listen(Leg.open(far.ports))
    call_id, tag, cseq = far.agent.seed()
    port = int(lines.agent.local_address.rpartition(":")[2])
    out.call = far.agent.invite(  # type: ignore[assignment]
        f"sip:+902125550000@127.0.0.1:{port}",
        from_uri="sip:+902120000000@127.0.0.1",
        to_uri="sip:+902125550000@127.0.0.1",
        call_id=call_id,
        from_tag=tag,
        cseq=cseq,
        sdp=to_text(out.leg.offer(), version=1),  # type: ignore[union-attr]
        destination=Address("127.0.0.1", port, "udp"),
        headers=headers,
    )
    far.calls[out.call] = out
    return out


async def offered(far: Far, lines: SipLines, ear: Ear, **who: object) -> LegOffered:
    """What the engine is told of a call whose caller is asserted so."""
    call_in(far, lines, identity.fields(**who))  # type: ignore[arg-type]
    await until(lambda: ear.of(LegOffered))
    (told,) = ear.of(LegOffered)
    assert isinstance(told, LegOffered)
    return told


@pytest.mark.parametrize(("trusted", "number"), [(True, "+905321112233"), (False, "+902120000000")])
async def test_the_asserted_number_counts_where_the_trunk_is_trusted(
    line: tuple[Far, SipLines, Ear], number: str
) -> None:
    told = await offered(*line, asserted="sip:+905321112233@127.0.0.1", diverted_by=["sip:+902123334455@127.0.0.1"])

    assert (told.number, told.withheld, told.diverted_by) == (number, False, ("+902123334455",))


async def test_a_number_that_the_caller_withholds_is_not_told(line: tuple[Far, SipLines, Ear]) -> None:
    told = await offered(*line, asserted="sip:+905321112233@127.0.0.1", privacy=["id"])

    assert (told.number, told.name, told.withheld) == (None, "", True)


# ---------------------------------------------------------------- keys


def info(out: Outgoing, key: str) -> None:
    dialog = out.call.dialog
    request: Request = dialog.request("INFO", dialog.next_cseq(), f"Signal={key}\r\nDuration=160\r\n".encode())
    out.call.agent.letterhead.dress(request)
    request.headers["content-type"] = ["application/dtmf-relay"]
    out.call.agent.send(request, dialog.next_hop(), None)


async def test_keys_are_told_once_each_however_they_come(line: tuple[Far, SipLines, Ear]) -> None:
    far, lines, ear = line
    out, leg = await talk(far, lines, ear)

    out.leg.press("11")
    for key in "11#":  # what some exchanges do: every key both ways
        info(out, key)
    await until(lambda: len(ear.of(LegDigit)) >= 3)
    await asyncio.sleep(0.8)

    assert sorted(event.key for event in ear.of(LegDigit)) == ["#", "1", "1"]  # type: ignore[union-attr]
    assert {event.leg for event in ear.of(LegDigit)} == {leg}  # type: ignore[union-attr]


def test_the_same_key_again_the_same_way_is_another_press() -> None:
    digits = Digits()

    told = [digits.is_new(*press) for press in [("1", Way.INFO, 0.0), ("1", Way.INFO, 0.3), ("1", Way.SOUND, 0.4)]]

    assert told == [True, True, False]
    assert digits.is_new("1", Way.SOUND, 9.0)


async def test_keys_are_pressed_for_the_far_end(line: tuple[Far, SipLines, Ear]) -> None:
    far, lines, ear = line
    out, leg = await talk(far, lines, ear)
    heard: list[str] = []
    out.leg.on_dtmf = heard.append

    lines.press(leg, "12#")
    await until(lambda: len(heard) == 3)

    assert "".join(heard) == "12#"


async def test_keys_go_by_info_to_a_far_end_that_takes_none_in_its_sound(line: tuple[Far, SipLines, Ear]) -> None:
    far, lines, ear = line
    out, leg = await talk(far, lines, ear)
    await refuse_events(out, lines, leg)

    lines.press(leg, "12#")
    await until(lambda: len(far.digits) == 3)

    assert far.digits == ["1", "2", "#"]


async def test_a_far_end_that_takes_no_keys_at_all_is_said_so(line: tuple[Far, SipLines, Ear]) -> None:
    far, lines, ear = line
    out, leg = await talk(far, lines, ear)
    await refuse_events(out, lines, leg)
    lines._legs[leg].call.allow = ["INVITE, ACK, BYE"]

    with pytest.raises(KeysNotTaken):
        lines.press(leg, "1")


async def refuse_events(out: Outgoing, lines: SipLines, leg: LegId) -> None:
    """The far end takes telephone-event out of its description."""
    number = str(DTMF.number).encode()
    kept = [one for one in out.call.local_sdp.split(b"\r\n") if not one.startswith((b"a=rtpmap:" + number, b"a=fmtp"))]
    out.call.renegotiate(b"\r\n".join(kept).replace(b" " + number + b"\r\n", b"\r\n", 1))
    await until(lambda: lines._legs[leg].sound.remote.dtmf is None)


# ---------------------------------------------------------------- elsewhere


async def test_a_redirect_is_told_with_its_numbers_and_followed_by_nobody(line: tuple[Far, SipLines, Ear]) -> None:
    far, lines, ear = line
    far.targets = ["<sip:+905321000002@10.9.9.9>;q=0.2", "<sip:905321000001@127.0.0.1>;q=0.9", "<sip:desk@127.0.0.1>"]

    lines.dial(LegId("one"), lines.prepare("here", "+905320000000", "+902120000000"), AttemptId("a"))
    await until(lambda: ear.of(LegFailed))
    await asyncio.sleep(0.2)

    (failed,) = ear.of(LegFailed)
    assert isinstance(failed, LegFailed)
    assert (failed.status, failed.targets) == (302, ("905321000001", "+905321000002"))
    assert len(far.invites) == 1


async def test_a_transfer_that_is_taken_on_is_told_to_its_end(line: tuple[Far, SipLines, Ear]) -> None:
    far, lines, ear = line
    out, leg = await talk(far, lines, ear)

    out.call.refer("sip:1002@127.0.0.1")
    await until(lambda: far.transfers)
    lines.tell_transfer(leg, 200)
    await until(lambda: far.transfers[-1][1])

    assert ear.of(LegTransferAsked) == [LegTransferAsked(leg, "1002")]
    assert far.transfers == [(100, False), (200, True)]


async def test_a_transfer_that_nobody_takes_on_is_refused(line: tuple[Far, SipLines, Ear]) -> None:
    far, lines, ear = line
    out, _ = await talk(far, lines, ear)

    out.call.refer("sip:00881612345678@127.0.0.1")
    await until(lambda: far.transfers)

    assert far.transfers == [(603, True)]


@pytest.mark.parametrize("transfer", [False])
async def test_a_trunk_that_may_not_transfer_is_not_even_heard(line: tuple[Far, SipLines, Ear]) -> None:
    far, lines, ear = line
    out, _ = await talk(far, lines, ear)

    out.call.refer("sip:1002@127.0.0.1")
    await until(lambda: far.transfers)

    assert (far.transfers, ear.of(LegTransferAsked)) == ([(603, True)], [])


@pytest.mark.parametrize(("transfer", "status"), [(True, 603), (False, 403)])
async def test_a_call_that_would_take_anothers_place_is_declined_and_the_other_goes_on(
    line: tuple[Far, SipLines, Ear], status: int
) -> None:
    far, lines, ear = line
    out, leg = await talk(far, lines, ear)

    second = call_in(far, lines, [("replaces", str(Replaces.of(out.call.dialog)))])
    await until(second.over.is_set)

    assert (second.status, len(ear.of(LegOffered)), list(lines._legs)) == (status, 1, [leg])
    assert out.call.is_up
