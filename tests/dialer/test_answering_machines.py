"""Machines are told from people before anybody is joined, and what that means for operators, leads and budget."""

import pytest
from small_centre import Centre, campaign, numbers, predictive, virtual

from dialer.budget import with_mistakes
from dialer.facts import AttemptEnded, CallConnected, CallStarted, OperatorChanged
from dialer.memory import Retry
from dialer.memory_lines import FarEnd
from dialer.outcomes import Outcome
from dialer.shapes import AttemptKind, BudgetCounts, Detection, Detector
from dialer.snapshots import snapshot

HANG_UP = Detector(Detection.HANG_UP)
MESSAGE = Detector(Detection.MESSAGE)
MACHINE = FarEnd(after_s=3.0, heard="machine", heard_after_s=1.5, beep_s=6.0)


@virtual
async def test_a_person_is_joined_when_the_word_has_come_and_not_before() -> None:
    cold = campaign(detector=HANG_UP)
    async with Centre(cold, far=FarEnd(after_s=3.0, heard_after_s=1.2, talk_s=30.0)) as centre:
        centre.leads.add(cold, numbers(1))
        await centre.staff(1)

        await centre.until(lambda: centre.facts(CallConnected))

        (connected,) = centre.facts(CallConnected)
        assert connected.connect_ms == pytest.approx(1200, abs=20)
        await centre.until(centre.outcomes)
        assert centre.outcomes() == ["connected"]


@virtual
async def test_a_machine_is_hung_up_on_and_never_reaches_the_operator() -> None:
    cold = campaign(detector=HANG_UP)
    async with Centre(cold, far=MACHINE, retry=Retry(max_tries=1)) as centre:
        centre.leads.add(cold, numbers(1))
        (operator,) = await centre.staff(1)

        await centre.until(centre.outcomes)

        (ended,) = centre.facts(AttemptEnded, kind=AttemptKind.CALL)
        assert ended.outcome is Outcome.MACHINE
        assert not centre.facts(CallStarted)
        assert "talking" not in [fact.state for fact in centre.facts(OperatorChanged)]
        assert centre.state(operator) == "ready"
        status = centre.engine.campaign_status(cold.id)
        assert (status.live, status.abandoned) == (0, 0)
        assert centre.engine._floor.runs[cold.id].counts.machines == 1


@pytest.mark.parametrize(("heard", "outcome"), [("fax", "fax"), ("sit", "machine"), ("beep", "machine")])
@virtual
async def test_whatever_is_no_person_is_hung_up_on(heard: str, outcome: str) -> None:
    cold = campaign(detector=HANG_UP)
    async with Centre(cold, far=FarEnd(heard=heard), retry=Retry(max_tries=1)) as centre:
        centre.leads.add(cold, numbers(1))
        await centre.staff(1)

        await centre.until(centre.outcomes)

        assert centre.outcomes() == [outcome]


@virtual
async def test_somebody_who_says_nothing_is_a_person() -> None:
    cold = campaign(detector=HANG_UP)
    async with Centre(cold, far=FarEnd(heard="silence", talk_s=9.0)) as centre:
        centre.leads.add(cold, numbers(1))
        await centre.staff(1)

        await centre.until(centre.outcomes)

        assert centre.outcomes() == ["connected"]


@virtual
async def test_the_message_is_left_after_the_beep_and_the_operator_is_free_before_it() -> None:
    cold = campaign(detector=MESSAGE, message="message")
    async with Centre(cold, far=MACHINE, retry=Retry(max_tries=1)) as centre:
        centre.leads.add(cold, numbers(1))
        (operator,) = await centre.staff(1)

        await centre.until(lambda: centre.lines.judging)
        await centre.until(lambda: centre.state(operator) == "ready", 2.0)
        assert centre.lines.played == []
        await centre.until(centre.outcomes)

        assert [prompt for _, prompt in centre.lines.played] == ["message"]
        assert centre.outcomes() == ["machine"]


@virtual
async def test_a_machine_without_a_beep_is_given_up() -> None:
    cold = campaign(detector=MESSAGE, message="message")
    async with Centre(cold, far=FarEnd(heard="machine"), retry=Retry(max_tries=1)) as centre:
        centre.leads.add(cold, numbers(1))
        await centre.staff(1)

        await centre.until(centre.outcomes)

        assert (centre.outcomes(), centre.lines.played) == (["machine"], [])


@virtual
async def test_the_deadline_leaves_time_to_connect_and_then_the_call_is_a_persons() -> None:
    cold = campaign(detector=HANG_UP, connect_s=2.0)
    slow = FarEnd(heard="machine", heard_after_s=3.0, talk_s=20.0)
    async with Centre(cold, far=slow) as centre:
        centre.leads.add(cold, numbers(1))
        await centre.staff(1)

        await centre.until(centre.outcomes)

        assert centre.outcomes() == ["connected"]
        assert centre.facts(CallConnected)[0].connect_ms < 2000


@virtual
async def test_lines_that_never_give_their_word_cost_nobody_the_call() -> None:
    cold = campaign(detector=HANG_UP)
    async with Centre(cold, far=FarEnd(talk_s=20.0)) as centre:
        centre.lines.judge = lambda leg, measures: None  # type: ignore[method-assign]
        centre.leads.add(cold, numbers(1))
        await centre.staff(1)

        await centre.until(centre.outcomes)

        assert centre.outcomes() == ["connected"]
        assert centre.facts(CallConnected)[0].connect_ms < 2000


@virtual
async def test_who_hangs_up_before_the_word_hung_up_early_and_was_a_live_answer() -> None:
    cold = campaign(detector=HANG_UP)
    async with Centre(cold, far=FarEnd(heard_after_s=1.5, talk_s=0.8), retry=Retry(max_tries=1)) as centre:
        centre.leads.add(cold, numbers(1))
        (operator,) = await centre.staff(1)

        await centre.until(centre.outcomes)

        assert centre.outcomes() == ["hung_up_early"]
        assert centre.engine.campaign_status(cold.id).live == 1
        assert centre.state(operator) == "ready"


@virtual
async def test_an_operator_who_leaves_while_the_detector_listens_is_replaced() -> None:
    cold = campaign(detector=HANG_UP)
    async with Centre(cold, far=FarEnd(heard_after_s=1.5, talk_s=20.0)) as centre:
        centre.leads.add(cold, numbers(1))
        first, second = await centre.staff(2)
        await centre.until(lambda: centre.lines.judging)

        reserved = first if centre.state(first) == "reserved" else second
        await centre.engine.sign_off(reserved)

        await centre.until(lambda: centre.facts(CallConnected))
        assert centre.facts(CallConnected)[0].operator != reserved


@virtual
async def test_the_measures_are_handed_to_the_lines() -> None:
    cold = campaign(detector=Detector(Detection.HANG_UP, {"phrase_s": 2.4, "total_s": 1.1}))
    async with Centre(cold) as centre:
        centre.leads.add(cold, numbers(1))
        await centre.staff(1)

        await centre.until(lambda: centre.lines.judging)

        assert centre.lines.judging[0][1] == {"phrase_s": 2.4, "total_s": 1.1}


@virtual
async def test_a_call_that_is_listened_to_may_need_an_operator_soon() -> None:
    cold = predictive(detector=HANG_UP, connect_s=4.0)
    async with Centre(cold, far=FarEnd(heard_after_s=3.0), before=BudgetCounts(1000, 0)) as centre:
        centre.leads.add(cold, numbers(40))
        await centre.staff(4)

        await centre.until(lambda: centre.lines.judging)

        floor = centre.engine._floor
        assert 1.0 in snapshot(floor, floor.runs[cold.id]).flights


def test_people_who_were_taken_for_machines_count_as_abandoned_but_never_more_than_there_were_machines() -> None:
    many, few = BudgetCounts(970, 5, machines=400), BudgetCounts(970, 5, machines=10)

    assert with_mistakes(many, 0.03) == BudgetCounts(1000, 35, 400)
    assert with_mistakes(few, 0.03) == BudgetCounts(980, 15, 10)
    assert with_mistakes(BudgetCounts(970, 5), 0.03) == BudgetCounts(970, 5)


@virtual
async def test_a_campaign_whose_detector_is_wrong_too_often_may_not_dial_ahead() -> None:
    cold = predictive(detector=Detector(Detection.HANG_UP, error=0.04))
    async with Centre(cold, before=BudgetCounts(1000, 5, machines=600)) as centre:
        centre.leads.add(cold, numbers(30))
        await centre.staff(6)

        await centre.until(lambda: centre.customers())

        assert centre.reason() == "budget_short"
