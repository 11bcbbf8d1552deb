"""Who dials when: progressive, hot before cold, the rules, trunks up and down, draining."""

import asyncio
import itertools
from datetime import timedelta

import pytest
from small_centre import BANK, TAXI, Centre, campaign, numbers, predictive, virtual
from structlog.testing import capture_logs

from dialer.facts import CallConnected, CampaignPaced, OperatorChanged, TrunkChanged
from dialer.memory import MemoryRules
from dialer.memory_lines import ANSWERS, BUSY, RINGS_ON, FarEnd
from dialer.outcomes import Outcome
from dialer.shapes import AttemptKind, AttemptStart, BudgetCounts, DialRequest, Reason, Verdict


@virtual
async def test_progressive_never_rings_more_people_than_there_are_free_operators() -> None:
    cold = campaign()
    async with Centre(cold, far=lambda n: BUSY if int(n[-1]) % 2 else FarEnd(after_s=6.0, talk_s=20.0)) as centre:
        centre.leads.add(cold, numbers(60))
        await centre.staff(4)
        most = 0
        for _ in range(6000):
            lines = centre.engine.campaign_status(cold.id).lines
            busy = sum(v.state in ("reserved", "talking") for v in centre.engine.operators())
            assert lines <= busy
            most = max(most, lines)
            await asyncio.sleep(0.1)

        assert most == 4
        assert "abandoned" not in centre.outcomes()


@virtual
async def test_nothing_is_dialed_without_operators_and_the_campaign_says_so() -> None:
    cold = campaign()
    async with Centre(cold) as centre:
        centre.leads.add(cold, numbers(5))
        await asyncio.sleep(5)

        assert centre.customers() == []
        assert centre.reason() == "no_operators"
        assert [f.reason.code for f in centre.facts(CampaignPaced)] == ["no_operators"]


@virtual
async def test_hot_lead_overtakes_and_is_dialed_at_once() -> None:
    hot, cold = campaign("hot"), campaign("cold")
    async with Centre(cold, hot, far=FarEnd(after_s=2.0, talk_s=10.0)) as centre:
        centre.leads.add(cold, numbers(20))
        await centre.staff(2)
        await centre.until(lambda: len(centre.customers()) == 2)

        (lead,) = centre.leads.add(hot, ["+905551000001"])
        centre.engine.refresh()
        await centre.until(lambda: len(centre.customers()) > 2)

        assert centre.customers()[2] == lead.number


@virtual
async def test_hot_lead_with_a_free_operator_rings_within_a_tenth_of_a_second() -> None:
    hot = campaign("hot")
    async with Centre(hot, far=ANSWERS) as centre:
        await centre.staff(1)
        await asyncio.sleep(3)
        assert centre.reason("hot") == "list_finished"

        centre.leads.add(hot, numbers(1))
        asked = centre.clock.monotonic()
        centre.engine.refresh()
        await centre.until(centre.customers)

        assert centre.clock.monotonic() - asked < 0.1


@virtual
async def test_operators_get_only_calls_of_their_projects() -> None:
    bank, taxi = campaign("cold"), campaign("warm", project=TAXI)
    async with Centre(bank, taxi, far=ANSWERS) as centre:
        centre.qualifications.everyone = frozenset({BANK})
        centre.leads.add(bank, numbers(1))
        centre.leads.add(taxi, numbers(1, first=500))
        await centre.staff(2)
        await asyncio.sleep(10)

        assert centre.customers() == numbers(1)
        assert centre.reason("warm") == "no_operators"


@virtual
async def test_right_that_is_taken_away_ends_calls_of_that_project() -> None:
    cold = campaign()
    async with Centre(cold, far=BUSY) as centre:
        (operator,) = await centre.staff(1)
        centre.qualifications.named[operator] = frozenset({TAXI})
        centre.engine.refresh()
        await asyncio.sleep(0.1)
        centre.leads.add(cold, numbers(1))
        centre.engine.refresh()
        await asyncio.sleep(5)

        assert centre.customers() == []


@virtual
async def test_hours_refusal_is_said_and_the_lead_waits_for_its_hour() -> None:
    cold = campaign()
    opens = timedelta(minutes=20)

    def hours(request: DialRequest, now: object) -> Verdict:
        if request.kind is AttemptKind.LEG or centre.clock.now() >= began + opens:
            return Verdict(True)
        return Verdict(False, Reason("outside_hours", {"opens": "11:00"}), began + opens)

    async with Centre(cold, far=FarEnd(after_s=1.0, talk_s=5.0), rules=MemoryRules(hours)) as centre:
        began = centre.clock.now()
        centre.leads.add(cold, numbers(2))
        (operator,) = await centre.staff(1)
        await asyncio.sleep(2)

        assert centre.customers() == []
        assert centre.state(operator) == "ready"
        assert "outside_hours" in [f.reason.code for f in centre.facts(CampaignPaced)]
        await asyncio.sleep(opens.total_seconds() + 30)
        assert len(centre.customers()) == 2


@virtual
async def test_lead_that_may_never_be_called_is_closed_with_its_reason() -> None:
    cold = campaign()
    refuse = MemoryRules(
        lambda r, now: Verdict(r.kind is AttemptKind.LEG or r.number != numbers(1)[0], Reason("do_not_call"))
    )
    async with Centre(cold, far=BUSY, rules=refuse) as centre:
        first, _ = centre.leads.add(cold, numbers(2))
        await centre.staff(1)
        await centre.until(centre.outcomes)

        assert centre.leads.leads[first.id].state == "closed"
        assert centre.customers() == numbers(1, first=2)


@virtual
async def test_every_invite_is_asked_for_and_committed_before_it_leaves() -> None:
    cold = campaign()
    async with Centre(cold, far=BUSY, delay_s=0.05) as centre:
        centre.leads.add(cold, numbers(10))
        committed_at: dict[str, float] = {}
        begin = centre.leads.begin

        async def begin_and_note(start: object) -> bool:
            taken = await begin(start)  # type: ignore[arg-type]
            committed_at[start.id] = centre.clock.monotonic()  # type: ignore[attr-defined]
            return taken

        centre.leads.begin = begin_and_note  # type: ignore[method-assign]
        await centre.staff(2)
        await centre.until(lambda: len(centre.outcomes()) == 10)

        assert {r.number for r in centre.rules.asked} == {"1001", "1002", *numbers(10)}
        assert all(committed_at[attempt] <= at for at, _, attempt in centre.lines.sent)
        assert {attempt for _, _, attempt in centre.lines.sent} <= set(centre.leads.attempts)


@virtual
async def test_decision_that_has_become_too_old_is_not_sent() -> None:
    cold = campaign()
    async with Centre(cold, far=ANSWERS) as centre:
        (operator,) = await centre.staff(1)
        centre.leads.delay_s = 8.0
        centre.leads.add(cold, numbers(1))
        await centre.until(lambda: centre.leads.attempts and centre.outcomes(), 60)

        assert centre.outcomes()[0] == Outcome.CANCELLED
        assert centre.customers() == []
        assert centre.state(operator) in ("ready", "reserved")


@virtual
async def test_trunk_down_stops_dialing_and_comes_back_gently() -> None:
    cold = predictive(max_lines=100)
    async with Centre(cold, far=RINGS_ON, channels=100) as centre:
        await centre.staff(30)
        centre.lines.move_trunk("pbx", up=False, reason="no_registration")
        centre.leads.add(cold, numbers(500))
        await asyncio.sleep(3)
        assert centre.customers() == []
        assert centre.reason() == "trunk_down"
        assert not centre.facts(TrunkChanged)[-1].up

        centre.lines.move_trunk("pbx", up=True, reason="registered")
        for second in range(1, 6):
            await asyncio.sleep(1)
            legs = len(centre.lines.legs)
            assert legs <= max(30, 10 * (second + 1)) + 1, f"{legs} lines after {second} s"
        await asyncio.sleep(6)
        assert len(centre.lines.legs) > 60


@virtual
async def test_storm_of_503_halves_then_rests_the_trunk_and_costs_no_tries() -> None:
    cold = predictive(max_lines=100)
    async with Centre(cold, far=FarEnd(status=503, after_s=0.2)) as centre:
        leads = centre.leads.add(cold, numbers(400))
        await centre.staff(20)
        await asyncio.sleep(10)
        first = len(centre.customers())
        await asyncio.sleep(15)

        assert centre.reason() == "trunk_resting"
        assert first < 60
        assert len(centre.customers()) == first
        assert centre.engine.trunks()[0].reason.code == "trunk_resting"
        assert all(centre.leads.leads[lead.id].lead.tries == 0 for lead in leads)


@virtual
async def test_retry_after_is_respected() -> None:
    cold = campaign()
    async with Centre(cold, far=FarEnd(status=503, after_s=0.2, retry_after=120.0)) as centre:
        centre.leads.add(cold, numbers(10))
        await centre.staff(1)
        await asyncio.sleep(100)
        assert len(centre.customers()) == 1
        await asyncio.sleep(30)
        assert len(centre.customers()) >= 2


@virtual
async def test_calls_a_second_of_the_trunk_are_kept() -> None:
    cold = campaign(max_lines=100)
    async with Centre(cold, far=BUSY, cps=5.0) as centre:
        await centre.staff(20)
        centre.leads.add(cold, numbers(300))
        centre.engine.refresh()
        began = len(centre.lines.sent)
        await asyncio.sleep(10)

        assert 40 <= len(centre.lines.sent) - began <= 56


@virtual
async def test_drain_takes_back_what_rings_and_waits_for_talks() -> None:
    cold = campaign()
    async with Centre(cold, far=lambda n: ANSWERS if n == numbers(1)[0] else RINGS_ON) as centre:
        centre.leads.add(cold, numbers(2))
        await centre.staff(2)
        await centre.until(lambda: len(centre.customers()) == 2)
        await asyncio.sleep(6)

        waiting = asyncio.ensure_future(centre.engine.drain(60))
        await asyncio.sleep(5)
        assert centre.outcomes() == ["cancelled"]
        assert centre.reason() == "draining"
        assert not waiting.done()
        centre.lines.hang_up_far(centre.lines.leg_to(numbers(1)[0]).id)

        assert await waiting
        assert sorted(centre.outcomes()) == ["cancelled", "connected"]


@virtual
async def test_stop_leaves_no_leg_and_no_open_attempt() -> None:
    cold = campaign()
    async with Centre(cold, far=lambda n: ANSWERS if int(n[-1]) % 2 else RINGS_ON) as centre:
        centre.leads.add(cold, numbers(6))
        await centre.staff(4)
        await asyncio.sleep(8)

    assert centre.lines.legs == {}
    assert [a for a in centre.leads.attempts.values() if a.ended is None] == []
    assert {f.operator: f.state for f in centre.facts(OperatorChanged)} == {f"op{n}": "offline" for n in range(1, 5)}


@virtual
async def test_journal_that_fails_stops_dialing_but_not_calls() -> None:
    cold = campaign()
    async with Centre(cold, far=FarEnd(after_s=1.0, talk_s=30.0)) as centre:
        centre.leads.add(cold, numbers(10))
        await centre.staff(1)
        await centre.until(lambda: "talking" in {v.state for v in centre.engine.operators()})
        centre.journal.failure = OSError("disk full")
        await asyncio.sleep(60)

        assert len(centre.customers()) == 1
        assert centre.reason() == "journal_stuck"
        centre.journal.failure = None
        await centre.until(lambda: len(centre.customers()) == 2)
        assert centre.outcomes() == ["connected"]


@virtual
async def test_trouble_of_one_call_touches_no_other() -> None:
    cold = campaign()
    async with Centre(cold, far=FarEnd(after_s=1.0, talk_s=10.0)) as centre:
        broken = numbers(1)[0]
        prepare = centre.lines.prepare

        def prepare_or_fail(trunk: str, number: str, caller_id: str) -> object:
            if number == broken:
                raise RuntimeError("made to fail")
            return prepare(trunk, number, caller_id)

        centre.lines.prepare = prepare_or_fail  # type: ignore[method-assign,assignment]
        centre.leads.add(cold, numbers(4))
        operators = await centre.staff(2)
        await centre.until(lambda: len(centre.outcomes()) == 3)

        assert centre.outcomes() == ["connected"] * 3
        await asyncio.sleep(15)
        assert {centre.state(op) for op in operators} == {"ready"}


@pytest.mark.parametrize("breaks", ["join", "hang_up", "part"])
@virtual
async def test_line_that_fails_in_the_middle_ends_that_call_alone(breaks: str) -> None:
    cold = campaign(wrap_up_s=1.0)
    async with Centre(cold, far=FarEnd(after_s=1.0, talk_s=10.0)) as centre:
        works, times = getattr(centre.lines, breaks), 0

        def fails_once(*args: object) -> None:
            nonlocal times
            times += 1
            if times == 1:
                raise RuntimeError("made to fail")
            works(*args)

        setattr(centre.lines, breaks, fails_once)
        centre.leads.add(cold, numbers(6))
        operators = await centre.staff(2)
        await centre.until(lambda: len(centre.facts(CallConnected)) >= 3, 100)
        for operator in operators:
            await centre.engine.sign_off(operator)
        await asyncio.sleep(60)

        assert {centre.state(op) for op in operators} == {"offline"}
        assert centre.engine._floor.calls == {}


@pytest.mark.parametrize(("operators", "reason"), [(2, "small_team"), (6, "dialing_ahead")])
@virtual
async def test_small_team_dials_progressively(operators: int, reason: str) -> None:
    cold = predictive()
    async with Centre(cold, far=RINGS_ON) as centre:
        centre.leads.add(cold, numbers(60))
        await centre.staff(operators)
        await asyncio.sleep(5)

        assert reason in [f.reason.code for f in centre.facts(CampaignPaced)]
        assert (len(centre.customers()) > operators) == (reason == "dialing_ahead")


@virtual
async def test_spent_budget_dials_progressively_and_says_so() -> None:
    cold = predictive()
    async with Centre(cold, far=RINGS_ON, before=BudgetCounts(1000, 45)) as centre:
        centre.leads.add(cold, numbers(60))
        await centre.staff(8)
        await asyncio.sleep(5)

        assert centre.reason() == "budget_short"
        assert len(centre.customers()) == 8
        assert {v.state for v in centre.engine.operators()} == {"reserved"}


@virtual
async def test_paused_campaign_stops_and_goes_on() -> None:
    cold = campaign()
    async with Centre(cold, far=BUSY) as centre:
        centre.leads.add(cold, numbers(100))
        await centre.staff(1)
        await asyncio.sleep(5)
        del centre.leads.running[cold.id]
        centre.engine.refresh()
        await asyncio.sleep(3)
        placed = len(centre.customers())
        await asyncio.sleep(10)
        assert len(centre.customers()) == placed
        assert centre.reason() == "not_running"

        centre.leads.running[cold.id] = cold
        centre.engine.refresh()
        await asyncio.sleep(5)
        assert len(centre.customers()) > placed
        assert all(a.ended for a in list(centre.leads.attempts.values())[:-3] if a.start.kind is AttemptKind.CALL)


@virtual
async def test_answered_calls_between_faults_keep_the_trunk_open() -> None:
    cold = campaign(wrap_up_s=0.1)
    fates = itertools.cycle([FarEnd(status=503, after_s=0.1, rings_after_s=None), FarEnd(after_s=0.1, talk_s=0.1)])
    async with Centre(cold, far=lambda number: next(fates)) as centre:
        await centre.staff(1)
        centre.leads.add(cold, numbers(40))
        await centre.until(lambda: len(centre.outcomes()) >= 40)

        assert centre.engine.trunks()[0].reason.code == "registered"


@virtual
async def test_stop_while_a_call_is_being_placed_is_no_trouble() -> None:
    cold = campaign()
    async with Centre(cold) as centre:
        await centre.staff(1)
        begin = centre.leads.begin

        async def slowly(start: AttemptStart) -> bool:
            await asyncio.sleep(1)
            return await begin(start)

        centre.leads.begin = slowly  # type: ignore[method-assign]
        centre.leads.add(cold, numbers(1))
        await centre.until(lambda: centre.engine._floor.calls)
        await asyncio.sleep(0.5)
        with capture_logs() as said:
            await centre.engine.stop()

        assert [entry for entry in said if entry["log_level"] == "error"] == []
        assert [a for a in centre.leads.attempts.values() if a.ended is None] == []
