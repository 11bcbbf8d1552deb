"""Incoming calls, operators' phones, and a customer whose operator is cut off."""

import asyncio
from dataclasses import replace

import pytest
from small_centre import BANK, DID, TAXI, Centre, campaign, names, numbers, predictive, virtual

from dialer.errors import Draining, NotSignedIn, NotYourCall, PhoneRefused
from dialer.facts import (
    AttemptEnded,
    CallConnected,
    CallEnded,
    CallQueued,
    CallStarted,
    Direction,
    EndedBy,
    OperatorChanged,
)
from dialer.memory import MemoryRules
from dialer.memory_lines import ANSWERS, RINGS_ON, FarEnd
from dialer.shapes import AttemptKind, Caller, CallId, OperatorId, ProjectId, Reason, Verdict

CALLER = "+905321112233"


@virtual
async def test_caller_is_greeted_and_joined_to_a_ready_operator() -> None:
    async with Centre() as centre:
        (operator,) = await centre.staff(1)
        before = len(centre.journal.facts)

        leg = centre.lines.offer("pbx", CALLER, DID, talk_s=20.0)
        await centre.until(lambda: centre.facts(CallEnded))

        assert centre.lines.played == [(CALLER, "greeting")]
        assert centre.lines.joins == [(leg, centre.lines.leg_to("1001").id)]
        assert names(centre.journal.facts[before:]) == [
            "CallStarted",
            "CallConnected",
            "OperatorChanged",
            "OperatorChanged",
            "CallEnded",
        ]
        (started,) = centre.facts(CallStarted)
        assert (started.direction, started.called, started.number, started.project) == (
            Direction.IN,
            DID,
            CALLER,
            BANK,
        )
        assert centre.facts(CallConnected)[0].operator == operator


@virtual
async def test_a_number_is_noted_as_it_is_written_everywhere_however_the_trunk_shows_it() -> None:
    async with Centre() as centre:
        centre.callers.by_called[DID] = Caller(BANK, number="+905321000009")
        await centre.staff(1)

        centre.lines.offer("pbx", "05321000009", DID, talk_s=5.0)
        await centre.until(lambda: centre.facts(CallEnded))

        assert centre.facts(CallStarted)[0].number == "+905321000009"


@virtual
async def test_callers_wait_in_line_until_somebody_is_ready() -> None:
    async with Centre() as centre:
        (operator,) = await centre.staff(1)
        await centre.engine.set_not_ready(operator, Reason("lunch"))
        first = centre.lines.offer("pbx", CALLER, DID, talk_s=20.0)
        await asyncio.sleep(1)
        second = centre.lines.offer("pbx", "+905321112244", DID)
        await asyncio.sleep(5)
        assert [f.place for f in centre.facts(CallQueued)] == [1, 2]
        assert [centre.lines.legs[leg].prompt for leg in (first, second)] == ["wait", "wait"]

        await centre.engine.set_ready(operator)
        await centre.until(lambda: len(centre.lines.joins) == 2)

        assert [a for a, _ in centre.lines.joins] == [first, second]


@virtual
async def test_caller_who_gives_up_waiting_leaves_the_line() -> None:
    async with Centre() as centre:
        leg = centre.lines.offer("pbx", CALLER, DID)
        await asyncio.sleep(6)
        centre.lines.hang_up_far(leg)
        (operator,) = await centre.staff(1)

        (ended,) = centre.facts(CallEnded)
        assert (ended.by, ended.operator) == (EndedBy.CUSTOMER, None)
        assert centre.state(operator) == "ready"


@virtual
async def test_unknown_number_is_refused_with_404() -> None:
    async with Centre() as centre:
        leg = centre.lines.offer("pbx", CALLER, "+902120000000")
        await asyncio.sleep(0.1)

        assert centre.lines.refused == [(leg, 404)]
        assert not centre.facts(CallStarted)


@virtual
async def test_caller_who_hangs_up_while_being_looked_up_is_forgotten() -> None:
    async with Centre() as centre:
        leg = centre.lines.offer("pbx", CALLER, DID)
        centre.lines.hang_up_far(leg)
        await asyncio.sleep(1)

        assert not centre.facts(CallStarted)
        assert centre.lines.legs == {}


@virtual
async def test_caller_comes_before_the_campaigns() -> None:
    cold = campaign()
    async with Centre(cold, far=FarEnd(after_s=1.0, talk_s=30.0)) as centre:
        centre.leads.add(cold, numbers(5))
        await centre.staff(1)
        await centre.until(lambda: centre.facts(CallConnected))
        leg = centre.lines.offer("pbx", CALLER, DID)

        await centre.until(lambda: len(centre.lines.joins) == 2)

        assert centre.lines.joins[1][0] == leg
        assert len(centre.customers()) == 1


@virtual
async def test_operator_reserved_for_a_ringing_call_is_not_taken_by_a_caller() -> None:
    cold = campaign()
    async with Centre(cold, far=FarEnd(after_s=15.0, talk_s=30.0)) as centre:
        centre.leads.add(cold, numbers(1))
        (operator,) = await centre.staff(1)
        await centre.until(centre.customers)

        centre.lines.offer("pbx", CALLER, DID)
        await centre.until(lambda: centre.lines.joins)

        assert centre.lines.joins[0][0] == centre.lines.leg_to(numbers(1)[0]).id
        assert centre.state(operator) == "talking"


@virtual
async def test_customer_of_a_lost_operator_goes_to_the_front_and_to_the_next() -> None:
    cold = campaign()
    async with Centre(cold, far=ANSWERS) as centre:
        (number,) = numbers(1)
        centre.leads.add(cold, [number])
        first, second = await centre.staff(2)
        await centre.until(lambda: centre.facts(CallConnected))
        talking = centre.facts(CallConnected)[0].operator
        other = second if talking == first else first
        await centre.engine.set_not_ready(other)
        centre.lines.offer("pbx", CALLER, DID)
        await asyncio.sleep(6)

        view = centre.engine.operator(talking)
        assert view is not None
        centre.lines.hang_up_far(centre.lines.leg_to(view.extension).id, "rtp_timeout")
        await asyncio.sleep(0.5)
        assert centre.state(talking) == "offline"
        assert centre.lines.leg_to(number).prompt == "wait"
        assert centre.facts(CallQueued)[-1].place == 1
        await centre.engine.set_ready(other)

        assert centre.lines.joins[-1] == (centre.lines.leg_to(number).id, centre.lines.leg_to("1002").id) or (
            centre.lines.joins[-1][0] == centre.lines.leg_to(number).id
        )
        await asyncio.sleep(0.5)
        assert [f.operator for f in centre.facts(CallConnected)] == [talking, other]
        assert centre.facts(OperatorChanged, operator=talking)[-1].reason == Reason(
            "phone_lost", {"cause": "rtp_timeout"}
        )


@virtual
async def test_two_who_wait_get_two_operators() -> None:
    async with Centre() as centre:
        operators = await centre.staff(2)
        for operator in operators:
            await centre.engine.set_not_ready(operator)
        legs = [centre.lines.offer("pbx", f"+90532111220{n}", DID) for n in range(2)]
        await asyncio.sleep(6)

        for operator in operators:
            await centre.engine.set_ready(operator)

        assert [a for a, _ in centre.lines.joins] == legs


@virtual
async def test_customer_who_was_cut_off_comes_before_a_caller_who_came_earlier() -> None:
    cold = campaign()
    async with Centre(cold, far=ANSWERS) as centre:
        centre.callers.by_called["+902125559999"] = Caller(TAXI)
        centre.qualifications.named = {OperatorId("op1"): frozenset({BANK})}
        first, second = await centre.staff(2)
        await centre.engine.set_not_ready(second)
        centre.lines.offer("pbx", CALLER, "+902125559999")
        await asyncio.sleep(6)
        centre.leads.add(cold, numbers(1))
        centre.engine.refresh()
        await centre.until(lambda: centre.state(first) == "talking")

        centre.lines.hang_up_far(centre.lines.leg_to("1001").id)
        await centre.engine.set_ready(second)

        assert centre.lines.joins[-1][0] == centre.lines.leg_to(numbers(1)[0]).id
        assert centre.lines.leg_to(CALLER).prompt == "wait"


@virtual
async def test_call_disposed_while_talking_needs_no_wrap_up() -> None:
    cold = campaign(wrap_up_s=60.0)
    async with Centre(cold, far=FarEnd(after_s=1.0, talk_s=10.0)) as centre:
        centre.leads.add(cold, numbers(1))
        (operator,) = await centre.staff(1)
        await centre.until(lambda: centre.state(operator) == "talking")
        await centre.engine.disposed(centre.facts(CallConnected)[0].call, operator)

        await centre.until(centre.outcomes)
        await asyncio.sleep(0.1)

        assert centre.state(operator) == "ready"


@virtual
async def test_phone_is_called_once_and_stays_up_between_calls() -> None:
    cold = campaign(wrap_up_s=1.0)
    async with Centre(cold, far=FarEnd(after_s=1.0, talk_s=3.0)) as centre:
        centre.leads.add(cold, numbers(5))
        await centre.staff(1)
        await centre.until(lambda: len(centre.outcomes()) == 5)

        assert [n for _, n, _ in centre.lines.sent].count("1001") == 1
        assert centre.lines.leg_to("1001").joined is None


@pytest.mark.parametrize(
    ("phone", "code"), [(RINGS_ON, "phone_no_answer"), (FarEnd(status=486, after_s=0.5), "phone_refused")]
)
@virtual
async def test_phone_that_does_not_answer_leaves_the_operator_offline(phone: FarEnd, code: str) -> None:
    async with Centre(phones=phone) as centre:
        operator = OperatorId("op1")
        view = await centre.engine.sign_in(operator, "1001")
        assert view.state == "connecting"
        await centre.until(lambda: centre.state(operator) == "offline")

        await asyncio.sleep(0.1)
        last = centre.facts(OperatorChanged)[-1]
        assert last.reason is not None
        assert last.reason.code == code
        assert len(centre.facts(AttemptEnded, kind=AttemptKind.LEG)) == 1


@virtual
async def test_extension_that_the_rules_refuse_is_not_called() -> None:
    async with Centre(rules=MemoryRules(lambda r, now: Verdict(False, Reason("not_an_extension")))) as centre:
        with pytest.raises(PhoneRefused):
            await centre.engine.sign_in(OperatorId("op1"), "+902129998877")

        assert centre.lines.sent == []


@virtual
async def test_not_ready_and_sign_off_during_a_talk_take_effect_after_it() -> None:
    cold = campaign(wrap_up_s=2.0)
    async with Centre(cold, far=FarEnd(after_s=1.0, talk_s=10.0)) as centre:
        centre.leads.add(cold, numbers(4))
        first, second = await centre.staff(2)
        await centre.until(lambda: {centre.state(first), centre.state(second)} == {"talking"})

        await centre.engine.set_not_ready(first, Reason("lunch"))
        await centre.engine.sign_off(second)
        assert {centre.state(first), centre.state(second)} == {"talking"}
        await asyncio.sleep(15)

        assert (centre.state(first), centre.state(second)) == ("not_ready", "offline")
        view = centre.engine.operator(first)
        assert view is not None
        assert view.reason == Reason("lunch")
        assert [leg.number for leg in centre.lines.legs.values()] == ["1001"]
        assert len(centre.customers()) == 2


@virtual
async def test_operator_who_signs_off_gets_no_surprise_call() -> None:
    cold = campaign()
    async with Centre(cold, far=FarEnd(after_s=10.0)) as centre:
        centre.leads.add(cold, numbers(1))
        (operator,) = await centre.staff(1)
        await centre.until(centre.customers)

        await centre.engine.sign_off(operator)
        await asyncio.sleep(1)

        assert centre.state(operator) == "offline"
        assert centre.outcomes() == ["cancelled"]
        assert centre.lines.legs == {}


@virtual
async def test_ringing_call_of_an_operator_who_leaves_goes_to_another() -> None:
    cold = campaign()
    async with Centre(cold, far=FarEnd(after_s=10.0)) as centre:
        centre.leads.add(cold, numbers(1))
        first, second = await centre.staff(2)
        await centre.until(centre.customers)
        reserved = first if centre.state(first) == "reserved" else second
        other = second if reserved == first else first

        await centre.engine.sign_off(reserved)
        await centre.until(lambda: centre.facts(CallConnected))

        assert centre.facts(CallConnected)[0].operator == other


@virtual
async def test_doors_refuse_what_does_not_fit() -> None:
    cold = predictive()
    async with Centre(cold) as centre:
        with pytest.raises(NotSignedIn):
            await centre.engine.set_ready(OperatorId("nobody"))
        (operator,) = await centre.staff(1)
        with pytest.raises(NotYourCall):
            await centre.engine.hang_up(CallId("none"), operator)
        await centre.engine.drain(1)
        with pytest.raises(Draining):
            await centre.engine.sign_in(OperatorId("late"), "1009")


@virtual
async def test_operator_who_is_given_a_project_takes_its_caller_who_waits() -> None:
    async with Centre() as centre:
        centre.qualifications.named[OperatorId("op1")] = frozenset({TAXI})
        await centre.staff(1)
        leg = centre.lines.offer("pbx", CALLER, DID)
        await centre.until(lambda: centre.facts(CallQueued))
        assert centre.lines.joins == []

        centre.qualifications.named[OperatorId("op1")] = frozenset({TAXI, BANK})
        centre.engine.refresh()
        await centre.until(lambda: centre.lines.joins, 5)

        assert centre.lines.joins[0][0] == leg


@virtual
async def test_who_comes_while_the_service_begins_to_stop_is_refused() -> None:
    async with Centre() as centre:
        identify, projects = centre.callers.identify, centre.qualifications.projects

        async def slowly(number: str | None, called: str) -> Caller:
            await asyncio.sleep(1)
            return await identify(number, called)

        async def lazily(operator: OperatorId) -> frozenset[ProjectId]:
            await asyncio.sleep(1)
            return await projects(operator)

        Slow = type("Slow", (), {"identify": staticmethod(slowly), "projects": staticmethod(lazily)})
        ports = replace(centre.engine._floor.ports, callers=Slow(), qualifications=Slow())
        centre.engine._floor.ports = ports
        leg = centre.lines.offer("pbx", CALLER, DID)
        coming = asyncio.ensure_future(centre.engine.sign_in(OperatorId("op1"), "1001"))
        await asyncio.sleep(0.5)
        await centre.engine.drain(1)
        await asyncio.sleep(1)

        assert centre.lines.refused == [(leg, 503)]
        with pytest.raises(Draining):
            await coming
