"""Every way in which a call can end, through the whole engine."""

import asyncio

import pytest
from small_centre import Centre, campaign, names, numbers, predictive, virtual

from dialer.facts import (
    AttemptAnswered,
    AttemptEnded,
    AttemptRinging,
    CallConnected,
    CallEnded,
    CallStarted,
    EndedBy,
    OperatorChanged,
)
from dialer.memory_lines import ANSWERS, BUSY, PHONE, RINGS_ON, SILENT, FarEnd
from dialer.outcomes import Outcome
from dialer.shapes import AttemptKind, BudgetCounts

SOME = BudgetCounts(100, 0)
"""Enough live answers before, so that a team of three may dial ahead."""


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (486, Outcome.BUSY),
        (404, Outcome.UNKNOWN_NUMBER),
        (480, Outcome.UNAVAILABLE),
        (603, Outcome.DECLINED),
        (503, Outcome.TRUNK_BUSY),
        (500, Outcome.TRUNK_BUSY),
        (403, Outcome.TRUNK_REFUSED),
        (408, Outcome.NO_TRUNK),
        (420, Outcome.FAILED),
    ],
)
@virtual
async def test_each_refusal_becomes_its_outcome(status: int, outcome: Outcome) -> None:
    cold = campaign()
    async with Centre(cold, far=FarEnd(status=status, after_s=1.0)) as centre:
        centre.leads.add(cold, numbers(1))
        (operator,) = await centre.staff(1)

        await centre.until(centre.outcomes)

        (ended,) = centre.facts(AttemptEnded, kind=AttemptKind.CALL)
        assert (ended.outcome, ended.status) == (outcome, status)
        assert centre.state(operator) == "ready"
        assert not centre.facts(CallStarted)


@virtual
async def test_answered_call_is_joined_at_once_and_noted_in_order() -> None:
    cold = campaign()
    async with Centre(cold, far=FarEnd(after_s=4.0, talk_s=30.0)) as centre:
        centre.leads.add(cold, numbers(1))
        (operator,) = await centre.staff(1)

        await centre.until(centre.outcomes)

        of_the_call = names(centre.journal.facts[centre.journal.facts.index(centre.facts(AttemptRinging)[-1]) :])
        assert of_the_call == [
            "AttemptRinging",
            "AttemptAnswered",
            "CallStarted",
            "CallConnected",
            "OperatorChanged",
            "OperatorChanged",
            "CallEnded",
            "AttemptEnded",
        ]
        (connected,) = centre.facts(CallConnected)
        assert connected.connect_ms < 20
        (ended,) = centre.facts(CallEnded)
        assert (ended.by, ended.operator) == (EndedBy.CUSTOMER, operator)
        assert ended.talk_s == pytest.approx(30, abs=0.1)
        (attempt,) = centre.facts(AttemptEnded, kind=AttemptKind.CALL)
        assert attempt.outcome is Outcome.CONNECTED
        assert attempt.ring_s == pytest.approx(4, abs=0.1)


@virtual
async def test_wrap_up_ends_by_itself_and_the_next_call_comes() -> None:
    cold = campaign(wrap_up_s=7.0)
    async with Centre(cold, far=FarEnd(after_s=1.0, talk_s=5.0)) as centre:
        centre.leads.add(cold, numbers(2))
        (operator,) = await centre.staff(1)

        await centre.until(lambda: centre.outcomes() == ["connected"])
        wrapping = centre.facts(OperatorChanged)[-1]
        await centre.until(lambda: centre.outcomes() == ["connected"] * 2)

        assert wrapping.state == "wrap_up"
        assert wrapping.until is not None
        assert (wrapping.until - wrapping.at).total_seconds() == pytest.approx(7)
        assert [f.state for f in centre.facts(OperatorChanged, operator=operator)][2:6] == [
            "reserved",
            "talking",
            "wrap_up",
            "ready",
        ]


@virtual
async def test_disposition_ends_wrap_up() -> None:
    cold = campaign(wrap_up_s=60.0)
    async with Centre(cold, far=FarEnd(after_s=1.0, talk_s=5.0)) as centre:
        centre.leads.add(cold, numbers(1))
        (operator,) = await centre.staff(1)
        await centre.until(lambda: centre.state(operator) == "wrap_up")

        view = centre.engine.operator(operator)
        assert view is not None
        assert view.call is not None
        await centre.engine.disposed(view.call, operator)

        assert centre.state(operator) == "ready"


@virtual
async def test_nobody_answers_is_cancelled_at_the_ring_limit() -> None:
    cold = campaign(ring_s=20.0)
    async with Centre(cold, far=RINGS_ON) as centre:
        centre.leads.add(cold, numbers(1))
        (operator,) = await centre.staff(1)

        await centre.until(centre.outcomes)

        (ended,) = centre.facts(AttemptEnded, kind=AttemptKind.CALL)
        assert ended.outcome is Outcome.NO_ANSWER
        assert ended.ring_s == pytest.approx(20, abs=0.2)
        assert centre.state(operator) == "ready"


@virtual
async def test_silent_trunk_is_no_answer_of_the_lead() -> None:
    cold = campaign(ring_s=20.0)
    async with Centre(cold, far=SILENT) as centre:
        (lead,) = centre.leads.add(cold, numbers(1))
        await centre.staff(1)

        await centre.until(centre.outcomes, 60)

        assert centre.outcomes()[0] == Outcome.NO_TRUNK
        assert centre.leads.leads[lead.id].lead.tries == 0


@virtual
async def test_late_200_after_cancel_is_hung_up_and_counts_as_no_answer() -> None:
    cold = campaign(ring_s=20.0)
    async with Centre(cold, far=FarEnd(after_s=1e6, late=True)) as centre:
        centre.leads.add(cold, numbers(1))
        await centre.staff(1)

        await centre.until(centre.outcomes)

        assert centre.outcomes() == ["no_answer"]
        assert centre.facts(AttemptAnswered)[-1].attempt == centre.facts(AttemptEnded, kind=AttemptKind.CALL)[0].attempt
        assert not centre.facts(CallStarted)
        assert [leg.number for leg in centre.lines.legs.values()] == ["1001"]


@virtual
async def test_operator_hangs_up() -> None:
    cold = campaign()
    async with Centre(cold, far=ANSWERS) as centre:
        centre.leads.add(cold, numbers(1))
        (operator,) = await centre.staff(1)
        await centre.until(lambda: centre.state(operator) == "talking")
        view = centre.engine.operator(operator)
        assert view is not None
        assert view.call is not None

        await centre.engine.hang_up(view.call, operator)

        assert centre.state(operator) == "wrap_up"
        await centre.until(centre.outcomes)
        assert centre.facts(CallEnded)[0].by is EndedBy.OPERATOR
        assert centre.outcomes() == ["connected"]


@virtual
async def test_end_that_the_line_never_confirms_is_taken_for_granted() -> None:
    cold = campaign()
    async with Centre(cold, far=ANSWERS) as centre:
        centre.leads.add(cold, numbers(1))
        (operator,) = await centre.staff(1)
        await centre.until(lambda: centre.state(operator) == "talking")
        hang_up, centre.lines.hang_up = centre.lines.hang_up, lambda leg: None  # type: ignore[method-assign]
        await centre.engine.hang_up(centre.facts(CallConnected)[0].call, operator)
        await asyncio.sleep(centre.settings.ending_s - 1)
        assert centre.outcomes() == []

        await asyncio.sleep(2)

        assert centre.outcomes() == ["connected"]
        centre.lines.hang_up = hang_up  # type: ignore[method-assign]


@virtual
async def test_line_lost_while_talking_is_said_so() -> None:
    cold = campaign()
    async with Centre(cold, far=ANSWERS) as centre:
        (number,) = numbers(1)
        centre.leads.add(cold, [number])
        (operator,) = await centre.staff(1)
        await centre.until(lambda: centre.state(operator) == "talking")

        centre.lines.hang_up_far(centre.lines.leg_to(number).id, "rtp_timeout")
        await asyncio.sleep(0.1)

        (ended,) = centre.facts(CallEnded)
        assert (ended.by, ended.reason.code) == (EndedBy.LINE, "line_lost")


@virtual
async def test_person_without_operator_in_two_seconds_hears_the_message_and_is_abandoned() -> None:
    cold = predictive()
    async with Centre(cold, far=FarEnd(after_s=3.0), before=SOME) as centre:
        operators = await centre.staff(3)
        centre.leads.add(cold, numbers(3))
        await centre.until(lambda: len(centre.customers()) == 3)
        for operator in operators:
            await centre.engine.set_not_ready(operator)

        await centre.until(lambda: len(centre.outcomes()) == 3)

        assert centre.outcomes() == ["abandoned"] * 3
        assert {prompt for _, prompt in centre.lines.played} == {"message"}
        started, ended = centre.facts(CallStarted)[0], centre.facts(CallEnded)[0]
        assert ended.reason.code == "not_connected_in_time"
        assert (ended.at - started.at).total_seconds() == pytest.approx(2 + centre.lines.prompt_s, abs=0.2)
        assert centre.engine.campaign_status(cold.id).abandoned == 3


@virtual
async def test_operator_who_comes_free_within_two_seconds_takes_the_person() -> None:
    cold = predictive()
    async with Centre(cold, far=FarEnd(after_s=3.0), before=SOME) as centre:
        operators = await centre.staff(3)
        centre.leads.add(cold, numbers(1))
        await centre.until(centre.customers)
        for operator in operators:
            await centre.engine.set_not_ready(operator)
        await centre.until(lambda: centre.facts(CallStarted))
        await asyncio.sleep(1.5)

        await centre.engine.set_ready(operators[1])
        await asyncio.sleep(0.1)

        (connected,) = centre.facts(CallConnected)
        assert connected.operator == operators[1]
        assert connected.connect_ms == pytest.approx(1500, abs=100)


@pytest.mark.parametrize(("after_s", "outcome"), [(1.0, "hung_up_early"), (2.5, "abandoned")])
@virtual
async def test_person_who_hangs_up_before_anybody_comes(after_s: float, outcome: str) -> None:
    cold = predictive()
    async with Centre(cold, far=FarEnd(after_s=3.0, talk_s=after_s), before=SOME) as centre:
        operators = await centre.staff(3)
        centre.leads.add(cold, numbers(1))
        await centre.until(centre.customers)
        for operator in operators:
            await centre.engine.set_not_ready(operator)

        await centre.until(centre.outcomes)

        assert centre.outcomes() == [outcome]


@virtual
async def test_busy_line_rings_no_operator_phone_twice() -> None:
    cold = campaign()
    async with Centre(cold, far=BUSY, phones=PHONE) as centre:
        centre.leads.add(cold, numbers(5))
        await centre.staff(1)

        await centre.until(lambda: len(centre.outcomes()) == 5)

        assert [n for _, n, _ in centre.lines.sent].count("1001") == 1


@virtual
async def test_person_whom_the_stopping_service_hangs_up_on_is_abandoned() -> None:
    cold = predictive(connect_s=5.0)
    async with Centre(cold, far=FarEnd(after_s=1.0), before=SOME) as centre:
        centre.leads.add(cold, numbers(20))
        await centre.staff(4)
        await centre.until(lambda: len(centre.facts(CallStarted)) > len(centre.facts(CallConnected)))
        await centre.engine.stop()

        assert "abandoned" in centre.outcomes()
        assert "hung_up_early" not in centre.outcomes()
