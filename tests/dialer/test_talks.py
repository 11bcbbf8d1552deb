"""What an operator does with a customer on the line: hold, mute, keys, handing on."""

import asyncio

import pytest
from small_centre import BANK, TAXI, Centre, campaign, numbers, virtual

from dialer.errors import KeysNotTaken, NoTransfer, NotYourCall, OperatorNotReady, PhoneRefused
from dialer.facts import (
    AttemptEnded,
    CallConnected,
    CallEnded,
    CallHeld,
    CallResumed,
    CallTransferred,
    EndedBy,
    HeldBy,
    TransferFailed,
)
from dialer.memory import MemoryRules
from dialer.memory_lines import BUSY, FarEnd, MemoryLeg
from dialer.shapes import CallId, OperatorId, Reason, Verdict
from dialer.status import HandedOn

(CUSTOMER,) = numbers(1)
TALKS = FarEnd(after_s=3.0, talk_s=60.0)
SLOW = FarEnd(after_s=4.0, rings_after_s=1.0)


async def talk(centre: Centre) -> tuple[CallId, OperatorId]:
    """One customer with one operator."""
    centre.leads.add(next(iter(centre.leads.running.values())), [CUSTOMER])
    await centre.until(lambda: centre.facts(CallConnected))
    (connected,) = centre.facts(CallConnected)
    return connected.call, connected.operator


def customer(centre: Centre) -> MemoryLeg:
    return centre.lines.leg_to(CUSTOMER)


def with_whom(centre: Centre) -> str | None:
    """The number that the customer hears."""
    other = customer(centre).joined
    return None if other is None else centre.lines.legs[other].number


def centre_of(*far: tuple[str, FarEnd], rules: MemoryRules | None = None) -> Centre:
    """A bank whose customers talk for a minute; other phones by their numbers."""
    others = dict(far)
    made = Centre(campaign(), far=TALKS, rules=rules)
    known = made.lines._far
    made.lines._far = lambda number: others.get(number) or known(number)
    return made


# ---------------------------------------------------------------- hold


@virtual
async def test_a_held_customer_hears_music_and_the_operator_nothing_until_they_talk_again() -> None:
    async with centre_of() as centre:
        await centre.staff(1)
        call, operator = await talk(centre)

        await centre.engine.hold(call, operator, held=True)
        await centre.engine.hold(call, operator, held=True)
        heard = (customer(centre).joined, centre.lines.leg_to("1001").joined, customer(centre).prompt)
        await asyncio.sleep(8)
        await centre.engine.hold(call, operator, held=False)

        assert heard == (None, None, "wait")
        assert with_whom(centre) == "1001"
        await centre.until(centre.outcomes)
        assert len(centre.facts(CallHeld, by=HeldBy.OPERATOR)) == 1
        (resumed,), (ended,) = centre.facts(CallResumed), centre.facts(CallEnded)
        assert (round(resumed.hold_s, 1), round(ended.hold_s, 1), round(ended.talk_s)) == (8.0, 8.0, 60)


@virtual
async def test_a_customer_who_hangs_up_on_hold_was_held_until_then() -> None:
    async with centre_of() as centre:
        await centre.staff(1)
        call, operator = await talk(centre)
        await asyncio.sleep(20)
        await centre.engine.hold(call, operator, held=True)

        await centre.until(centre.outcomes)

        (ended,) = centre.facts(CallEnded)
        assert (ended.by, round(ended.hold_s)) == (EndedBy.CUSTOMER, 40)
        assert centre.state(operator) == "wrap_up"


@virtual
async def test_only_the_operator_of_the_call_holds_mutes_and_presses() -> None:
    async with centre_of() as centre:
        await centre.staff(1)
        call, _ = await talk(centre)
        other = OperatorId("another")

        for deed in (
            centre.engine.hold(call, other, held=True),
            centre.engine.mute(call, other, muted=True),
            centre.engine.press(call, other, "1"),
            centre.engine.transfer(call, other, OperatorId("op2"), warm=False),
            centre.engine.transfer_to_phone(call, other, "1007", warm=False),
            centre.engine.end_transfer(call, other, complete=True),
        ):
            with pytest.raises(NotYourCall):
                await deed


@virtual
async def test_the_hold_key_of_the_phone_does_the_same_and_the_customers_own_is_told() -> None:
    async with centre_of() as centre:
        await centre.staff(1)
        await talk(centre)
        phone = centre.lines.leg_to("1001").id

        centre.lines.hold_far(phone, held=True)
        music = customer(centre).prompt
        centre.lines.hold_far(phone, held=False)
        centre.lines.hold_far(customer(centre).id, held=True)
        centre.lines.hold_far(customer(centre).id, held=False)
        await asyncio.sleep(0.1)

        assert (music, with_whom(centre)) == ("wait", "1001")
        by = [HeldBy.OPERATOR, HeldBy.CUSTOMER]
        assert [fact.by for fact in centre.facts(CallHeld)] == by == [fact.by for fact in centre.facts(CallResumed)]


@virtual
async def test_an_operator_lost_while_holding_leaves_a_customer_who_waits_and_is_served() -> None:
    async with centre_of() as centre:
        await centre.staff(1)
        call, operator = await talk(centre)
        await centre.engine.hold(call, operator, held=True)
        await asyncio.sleep(2)

        centre.lines.hang_up_far(centre.lines.leg_to("1001").id)
        await centre.until(lambda: customer(centre).prompt == "wait")
        await asyncio.sleep(3)
        await centre.engine.sign_in(OperatorId("op2"), "1002")
        await centre.engine.set_ready(OperatorId("op2"))
        await centre.until(lambda: with_whom(centre) == "1002")
        await centre.until(centre.outcomes)

        assert round(centre.facts(CallEnded)[0].hold_s, 1) == 2.0


# ---------------------------------------------------------------- mute, keys


@virtual
async def test_mute_outlasts_a_hold_and_ends_when_it_is_said_so() -> None:
    async with centre_of() as centre:
        await centre.staff(1)
        call, operator = await talk(centre)
        phone = centre.lines.leg_to("1001")

        await centre.engine.mute(call, operator, muted=True)
        await centre.engine.hold(call, operator, held=True)
        await centre.engine.hold(call, operator, held=False)
        after_hold = phone.muted
        await centre.engine.mute(call, operator, muted=False)

        assert (after_hold, phone.muted) == (True, False)


@virtual
async def test_keys_are_pressed_for_the_customer_or_it_is_said_that_they_cannot() -> None:
    async with centre_of() as centre:
        await centre.staff(1)
        call, operator = await talk(centre)

        await centre.engine.press(call, operator, "12#")

        assert customer(centre).pressed == "12#"
        customer(centre).far = FarEnd(keys=False)
        with pytest.raises(KeysNotTaken):
            await centre.engine.press(call, operator, "1")


# ---------------------------------------------------------------- to a colleague


@virtual
async def test_a_customer_handed_to_a_ready_colleague_is_heard_at_once_and_the_first_wraps_up() -> None:
    async with centre_of() as centre:
        await centre.staff(1)
        call, operator = await talk(centre)
        await centre.engine.sign_in(OperatorId("op2"), "1002")
        await centre.engine.set_ready(OperatorId("op2"))
        await centre.until(lambda: centre.state(OperatorId("op2")) == "ready")

        await centre.engine.transfer(call, operator, OperatorId("op2"), warm=False)

        assert with_whom(centre) == "1002"
        assert (centre.state(operator), centre.state(OperatorId("op2"))) == ("wrap_up", "talking")
        await centre.until(centre.outcomes)
        assert [(f.operator, f.to) for f in centre.facts(CallTransferred)] == [(operator, "op2")]
        assert [(f.operator, f.connect_ms) for f in centre.facts(CallConnected)][1:] == [("op2", 0.0)]
        assert (centre.facts(CallEnded)[0].operator, centre.outcomes()) == ("op2", ["connected"])


@virtual
async def test_a_colleague_who_is_not_ready_or_not_of_the_project_gets_nobody() -> None:
    async with centre_of() as centre:
        centre.qualifications.named[OperatorId("op3")] = frozenset({TAXI})
        await centre.staff(1)
        call, operator = await talk(centre)
        for n in (2, 3):
            await centre.engine.sign_in(OperatorId(f"op{n}"), f"100{n}")
        await centre.engine.set_ready(OperatorId("op3"))
        await asyncio.sleep(1)

        for name in ("op1", "op2", "op3", "nobody"):
            with pytest.raises(OperatorNotReady):
                await centre.engine.transfer(call, operator, OperatorId(name), warm=False)

        assert with_whom(centre) == "1001"
        assert BANK in centre.qualifications.everyone


async def with_colleague(centre: Centre) -> tuple[CallId, OperatorId, OperatorId]:
    """A talk whose operator speaks with a colleague about it."""
    call, operator = await talk(centre)
    colleague = OperatorId("op2")
    await centre.engine.sign_in(colleague, "1002")
    await centre.engine.set_ready(colleague)
    await centre.until(lambda: centre.state(colleague) == "ready")
    await centre.engine.transfer(call, operator, colleague, warm=True)
    return call, operator, colleague


@virtual
async def test_a_colleague_who_is_asked_first_hears_the_operator_and_then_the_customer() -> None:
    async with centre_of() as centre:
        await centre.staff(1)
        call, operator, colleague = await with_colleague(centre)
        asked = (centre.lines.leg_to("1002").joined, customer(centre).prompt, centre.state(colleague))
        view = centre.engine.talk(operator)

        await centre.engine.end_transfer(call, operator, complete=True)

        assert asked == (centre.lines.leg_to("1001").id, "wait", "reserved")
        assert view is not None
        assert (view.held, view.transfer) == (True, HandedOn("1002", warm=True, answered=True))
        assert (with_whom(centre), centre.state(operator), centre.state(colleague)) == ("1002", "wrap_up", "talking")
        assert centre.engine.talk(operator) is None


@virtual
async def test_a_colleague_who_cannot_help_is_free_again() -> None:
    async with centre_of() as centre:
        await centre.staff(1)
        call, operator, colleague = await with_colleague(centre)

        await centre.engine.end_transfer(call, operator, complete=False)

        assert (with_whom(centre), centre.state(colleague)) == ("1001", "ready")
        assert centre.lines.leg_to("1002").joined is None


@virtual
async def test_a_colleague_whose_phone_is_lost_takes_nobody_and_the_customer_comes_back() -> None:
    async with centre_of() as centre:
        await centre.staff(1)
        call, operator, colleague = await with_colleague(centre)

        centre.lines.hang_up_far(centre.lines.leg_to("1002").id)
        await centre.until(lambda: centre.facts(TransferFailed))

        assert (with_whom(centre), centre.state(colleague)) == ("1001", "offline")
        (failed,) = centre.facts(TransferFailed)
        assert (failed.operator, failed.extension, failed.reason.code) == (operator, "1002", "phone_lost")
        for complete in (True, False):
            with pytest.raises(NoTransfer):
                await centre.engine.end_transfer(call, operator, complete=complete)


@virtual
async def test_an_operator_lost_while_asking_leaves_the_colleague_free_and_the_customer_to_whoever_is_ready() -> None:
    async with centre_of() as centre:
        await centre.staff(1)
        _, _, colleague = await with_colleague(centre)

        centre.lines.hang_up_far(centre.lines.leg_to("1001").id)
        await centre.until(lambda: with_whom(centre) == "1002")

        assert centre.state(colleague) == "talking"


@virtual
async def test_a_colleagues_extension_means_the_colleague() -> None:
    async with centre_of() as centre:
        await centre.staff(1)
        call, operator = await talk(centre)
        await centre.engine.sign_in(OperatorId("op2"), "1002")
        await centre.engine.set_ready(OperatorId("op2"))
        await centre.until(lambda: centre.state(OperatorId("op2")) == "ready")

        await centre.engine.transfer_to_phone(call, operator, "1002", warm=False)

        assert (with_whom(centre), centre.state(OperatorId("op2"))) == ("1002", "talking")


# ---------------------------------------------------------------- to a phone


@virtual
async def test_a_customer_handed_to_a_phone_waits_with_music_and_then_talks_there() -> None:
    async with centre_of(("1007", SLOW)) as centre:
        await centre.staff(1)
        call, operator = await talk(centre)

        await centre.engine.transfer_to_phone(call, operator, "1007", warm=False)
        await asyncio.sleep(2)
        meanwhile = (customer(centre).prompt, centre.state(operator))
        await centre.until(lambda: with_whom(centre) == "1007", 5)

        assert meanwhile == ("wait", "talking")
        assert centre.state(operator) == "wrap_up"
        await centre.until(centre.outcomes)
        await asyncio.sleep(1)
        assert [f.extension for f in centre.facts(CallTransferred)] == ["1007"]
        assert [leg.number for leg in centre.lines.legs.values()] == ["1001"], "the phone's leg ended with the call"


@virtual
async def test_a_call_ends_when_the_colleague_at_the_phone_hangs_up() -> None:
    async with centre_of() as centre:
        await centre.staff(1)
        call, operator = await talk(centre)
        await centre.engine.transfer_to_phone(call, operator, "1007", warm=False)
        await centre.until(lambda: with_whom(centre) == "1007", 5)

        centre.lines.hang_up_far(centre.lines.leg_to("1007").id)
        await centre.until(centre.outcomes, 2)

        (ended,) = centre.facts(CallEnded)
        assert (ended.by, ended.reason.code) == (EndedBy.OPERATOR, "colleague_hung_up")


@virtual
async def test_a_customer_whom_the_phone_does_not_take_comes_back() -> None:
    async with centre_of(("1007", BUSY)) as centre:
        await centre.staff(1)
        call, operator = await talk(centre)

        await centre.engine.transfer_to_phone(call, operator, "1007", warm=False)
        await centre.until(lambda: centre.facts(TransferFailed))

        assert with_whom(centre) == "1001"
        (failed,) = centre.facts(TransferFailed)
        assert (failed.extension, failed.reason) == ("1007", Reason("phone_refused", {"status": 486}))
        assert centre.state(operator) == "talking"
        await centre.engine.transfer_to_phone(call, operator, "1008", warm=False)
        await centre.until(lambda: with_whom(centre) == "1008", 5)


@virtual
async def test_after_a_word_with_the_colleague_the_customer_is_joined_to_them() -> None:
    async with centre_of() as centre:
        await centre.staff(1)
        call, operator = await talk(centre)
        await centre.engine.transfer_to_phone(call, operator, "1007", warm=True)
        with pytest.raises(NoTransfer):
            await centre.engine.end_transfer(call, operator, complete=True)
        await asyncio.sleep(1)
        asked = (centre.lines.leg_to("1007").joined, customer(centre).prompt)

        await centre.engine.end_transfer(call, operator, complete=True)

        assert asked == (centre.lines.leg_to("1001").id, "wait")
        assert (with_whom(centre), centre.state(operator)) == ("1007", "wrap_up")
        assert centre.lines.leg_to("1001").joined is None


@virtual
async def test_a_colleague_who_says_no_is_let_go_and_the_customer_taken_up_again() -> None:
    async with centre_of() as centre:
        await centre.staff(1)
        call, operator = await talk(centre)
        await centre.engine.transfer_to_phone(call, operator, "1007", warm=True)
        await asyncio.sleep(1)
        with pytest.raises(NoTransfer):
            await centre.engine.transfer_to_phone(call, operator, "1008", warm=True)

        await centre.engine.end_transfer(call, operator, complete=False)
        await asyncio.sleep(1)

        assert with_whom(centre) == "1001"
        with pytest.raises(LookupError):
            centre.lines.leg_to("1007")
        with pytest.raises(NoTransfer):
            await centre.engine.end_transfer(call, operator, complete=False)


@virtual
async def test_an_operator_who_held_by_his_phones_key_speaks_with_the_colleague_and_not_with_the_customer() -> None:
    for extension, staffed in (("1007", False), ("1002", True)):
        async with centre_of() as centre:
            await centre.staff(1)
            call, operator = await talk(centre)
            if staffed:
                await centre.engine.sign_in(OperatorId("op2"), extension)
                await centre.engine.set_ready(OperatorId("op2"))
                await asyncio.sleep(1)
            phone = centre.lines.leg_to("1001")

            centre.lines.hold_far(phone.id, held=True)
            await centre.engine.transfer_to_phone(call, operator, extension, warm=True)
            await asyncio.sleep(1)
            centre.lines.hold_far(phone.id, held=False)

            assert (phone.joined, customer(centre).prompt) == (centre.lines.leg_to(extension).id, "wait")
            await centre.engine.end_transfer(call, operator, complete=True)
            assert with_whom(centre) == extension


@virtual
async def test_a_customer_who_hangs_up_meanwhile_leaves_no_phone_ringing() -> None:
    async with centre_of(("1007", FarEnd(status=487, after_s=1e9))) as centre:
        await centre.staff(1)
        call, operator = await talk(centre)
        await centre.engine.transfer_to_phone(call, operator, "1007", warm=False)
        await asyncio.sleep(1)

        centre.lines.hang_up_far(customer(centre).id)
        await asyncio.sleep(1)

        assert [leg.number for leg in centre.lines.legs.values()] == ["1001"]
        assert (centre.state(operator), centre.facts(TransferFailed)) == ("wrap_up", [])


@virtual
async def test_an_operator_who_hangs_up_meanwhile_leaves_no_phone_ringing_even_if_the_end_is_never_confirmed() -> None:
    for warm in (False, True):
        async with centre_of(("1007", SLOW)) as centre:
            await centre.staff(1)
            call, operator = await talk(centre)
            await centre.engine.transfer_to_phone(call, operator, "1007", warm=warm)

            customer(centre).state = "answers no BYE"
            await centre.engine.hang_up(call, operator)
            await asyncio.sleep(SLOW.after_s + 1)

            assert {leg.number for leg in centre.lines.legs.values()} == {"1001", CUSTOMER}
            assert (centre.lines.leg_to("1001").joined, centre.facts(CallTransferred)) == (None, [])


@virtual
async def test_a_phone_that_refuses_after_the_operator_hung_up_brings_nobody_back() -> None:
    async with centre_of(("1007", BUSY)) as centre:
        await centre.staff(1)
        call, operator = await talk(centre)
        await centre.engine.transfer_to_phone(call, operator, "1007", warm=False)

        customer(centre).state = "answers no BYE"
        await centre.engine.hang_up(call, operator)
        await asyncio.sleep(BUSY.after_s + 1)

        assert (with_whom(centre), centre.facts(CallResumed)) == (None, [])


@virtual
async def test_a_colleague_is_free_as_soon_as_the_operator_who_asked_hangs_up() -> None:
    async with centre_of() as centre:
        await centre.staff(1)
        call, operator, colleague = await with_colleague(centre)

        customer(centre).state = "answers no BYE"
        await centre.engine.hang_up(call, operator)

        assert (centre.state(colleague), centre.lines.leg_to("1002").joined) == ("ready", None)


@virtual
async def test_a_phone_that_is_none_of_ours_is_not_called() -> None:
    def refuses(request: object, now: object) -> Verdict:
        return Verdict(getattr(request, "number") in ("1001", CUSTOMER), Reason("not_an_extension"))  # noqa: B009

    async with centre_of(rules=MemoryRules(refuses)) as centre:
        await centre.staff(1)
        call, operator = await talk(centre)

        with pytest.raises(PhoneRefused):
            await centre.engine.transfer_to_phone(call, operator, "+881612345678", warm=False)

        assert with_whom(centre) == "1001"


# ---------------------------------------------------------------- by REFER


@virtual
async def test_a_phone_that_asks_for_a_transfer_is_told_how_it_went() -> None:
    async with centre_of(("1008", BUSY)) as centre:
        await centre.staff(1)
        await talk(centre)
        phone = centre.lines.leg_to("1001")

        centre.lines.ask_transfer(phone.id, "1008")
        await centre.until(lambda: len(phone.transfer) == 2)
        refused = list(phone.transfer)
        phone.transfer.clear()
        centre.lines.ask_transfer(phone.id, "1007")
        await centre.until(lambda: with_whom(centre) == "1007")

        assert (refused, phone.transfer) == ([100, 480], [100, 200])


@virtual
async def test_a_phone_hands_its_customer_to_a_colleague_by_the_colleagues_extension() -> None:
    async with centre_of() as centre:
        await centre.staff(1)
        await talk(centre)
        await centre.engine.sign_in(OperatorId("op2"), "1002")
        await asyncio.sleep(1)
        phone = centre.lines.leg_to("1001")

        centre.lines.ask_transfer(phone.id, "1002")
        await asyncio.sleep(0.1)
        not_ready = list(phone.transfer)
        await centre.engine.set_ready(OperatorId("op2"))
        centre.lines.ask_transfer(phone.id, "1002")
        await asyncio.sleep(0.1)

        assert (not_ready, phone.transfer) == ([100, 603], [100, 603, 100, 200])
        assert with_whom(centre) == "1002"


@virtual
async def test_a_customer_and_an_idle_phone_may_not_ask_for_transfers() -> None:
    async with centre_of() as centre:
        await centre.staff(1)
        await talk(centre)
        await centre.engine.sign_in(OperatorId("op2"), "1002")
        await asyncio.sleep(1)

        centre.lines.ask_transfer(customer(centre).id, "1007")
        centre.lines.ask_transfer(centre.lines.leg_to("1002").id, "1007")
        await asyncio.sleep(1)

        assert (customer(centre).transfer, centre.lines.leg_to("1002").transfer) == ([603], [603])
        assert [f.outcome for f in centre.facts(AttemptEnded)] == []
