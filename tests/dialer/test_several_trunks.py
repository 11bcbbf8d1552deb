"""Several trunks as one way out: shares by weight, order, caps, a trunk that fails, a call that goes on by another."""

import asyncio
from collections import Counter

import pytest
from small_centre import Centre, campaign, numbers, predictive, virtual

from dialer.facts import AttemptEnded, OperatorChanged
from dialer.line_events import TrunkState
from dialer.memory_lines import ANSWERS, RINGS_ON, FarEnd
from dialer.outcomes import Outcome
from dialer.shapes import AttemptKind, AttemptStart, CampaignId, DialRequest, Reason, Verdict
from dialer.trunk import TrunkGuard, next_turn

ANY: tuple[str, ...] = ()
FAULT = FarEnd(status=503, after_s=0.1, rings_after_s=None)
QUICK = FarEnd(status=486, after_s=0.2, rings_after_s=None)


def trunk(name: str = "spare", *, channels: int = 100, cps: float = 0.0, weight: int = 1) -> TrunkState:
    return TrunkState(name, True, Reason("registered"), channels, 0, cps, weight)


def trunks_of(centre: Centre) -> list[str]:
    """Of customers' calls that left, in their order."""
    by_id = centre.leads.attempts
    started = [by_id[attempt].start for _, _, attempt in centre.lines.sent]
    return [start.trunk for start in started if start.kind is AttemptKind.CALL]


# ---------------------------------------------------------------- whose turn it is


def test_turns_are_as_the_weights_and_spread_evenly() -> None:
    guards = [TrunkGuard(trunk(name, weight=weight), 0.0) for name, weight in (("a", 5), ("b", 1), ("c", 1))]

    turns = "".join(next_turn(guards).state.name for _ in range(14))

    assert turns == "aabacaa" * 2


def test_who_was_left_out_for_long_gets_no_more_than_its_share_afterwards() -> None:
    a, b = (TrunkGuard(trunk(name), 0.0) for name in "ab")
    for _ in range(100):
        next_turn([a])

    assert Counter(next_turn([a, b]).state.name for _ in range(10)) == {"a": 5, "b": 5}


def test_calls_on_their_way_take_room_of_both_caps() -> None:
    guard = TrunkGuard(trunk(channels=10, cps=4.0), 0.0)

    assert guard.room(0, 100.0) == 4
    assert guard.room(0, 100.0, unsent=3) == 1
    assert guard.room(8, 100.0, unsent=1) == 1
    assert guard.room(8, 100.0, unsent=2) == 0


# ---------------------------------------------------------------- which trunk


@virtual
async def test_calls_leave_by_all_trunks_by_their_weights() -> None:
    cold = campaign(trunks=ANY, max_lines=100)
    async with Centre(cold, far=QUICK, trunks=(trunk(weight=3), trunk("unused", weight=0))) as centre:
        centre.leads.add(cold, numbers(80))
        await centre.staff(8)
        await centre.until(lambda: len(centre.outcomes()) == 80)

        assert Counter(trunks_of(centre)) == {"pbx": 20, "spare": 60}
        assert {request.trunk for request in centre.rules.asked} == {"pbx", "spare"}
        assert all(fact.outcome is Outcome.BUSY for fact in centre.facts(AttemptEnded, kind=AttemptKind.CALL))


@virtual
async def test_named_trunks_are_filled_in_their_order_and_no_other_is_used() -> None:
    cold = campaign(trunks=("spare", "pbx"), max_lines=100)
    beside = (trunk(channels=3), trunk("other"))
    async with Centre(cold, far=RINGS_ON, trunks=beside) as centre:
        centre.leads.add(cold, numbers(10))
        await centre.staff(5)
        await centre.until(lambda: len(trunks_of(centre)) == 5)

        assert Counter(trunks_of(centre)) == {"spare": 3, "pbx": 2}
        assert trunks_of(centre)[0] == "spare"


@virtual
async def test_phones_stay_on_the_first_trunk() -> None:
    cold = campaign(trunks=("spare",))
    async with Centre(cold, far=ANSWERS, trunks=(trunk(),)) as centre:
        await centre.staff(3)

        legs = [a.start.trunk for a in centre.leads.attempts.values() if a.start.kind is AttemptKind.LEG]
        assert legs == ["pbx"] * 3


@virtual
async def test_the_room_is_that_of_all_its_trunks_and_each_keeps_its_channels() -> None:
    cold = campaign(trunks=ANY, max_lines=100)
    async with Centre(cold, far=RINGS_ON, channels=10, trunks=(trunk(channels=4),)) as centre:
        centre.leads.add(cold, numbers(30))
        await centre.staff(9)  # nine channels of the first are the phones'
        await asyncio.sleep(5)

        assert Counter(leg.trunk for leg in centre.lines.legs.values()) == {"pbx": 10, "spare": 4}
        assert centre.reason() == "trunk_full"


@virtual
async def test_campaigns_that_share_trunks_keep_their_caps_while_the_store_is_slow() -> None:
    several = [predictive(name, trunks=ANY, max_lines=100, ring_s=60.0) for name in ("hot", "warm", "cold")]
    async with Centre(
        *several, far=RINGS_ON, channels=60, trunks=(trunk(channels=15, cps=5.0),), delay_s=0.3
    ) as centre:
        await centre.staff(40)
        for n, each in enumerate(several):
            centre.leads.add(each, numbers(100, first=1000 * n + 1))
        began = centre.clock.monotonic()
        most: Counter[str] = Counter()
        while centre.clock.monotonic() < began + 20:
            used = Counter(leg.trunk for leg in centre.lines.legs.values())
            most = most | used
            await asyncio.sleep(0.05)
        at = [
            when
            for when, _, attempt in centre.lines.sent
            if when >= began and centre.leads.attempts[attempt].start.trunk == "spare"
        ]

        assert most == {"pbx": 60, "spare": 15}
        assert all(sum(1 for other in at if when <= other < when + 1) <= 10 for when in at), "5 a second, 5 saved up"


# ---------------------------------------------------------------- a trunk that fails


@virtual
async def test_a_trunk_that_is_down_is_passed_over_and_the_status_says_so() -> None:
    cold = campaign(trunks=ANY)
    async with Centre(cold, far=QUICK, trunks=(trunk(),)) as centre:
        await centre.staff(2)
        centre.lines.move_trunk("pbx", up=False, reason="no_answer")
        centre.leads.add(cold, numbers(10))
        await centre.until(lambda: len(centre.outcomes()) == 10)

        assert set(trunks_of(centre)) == {"spare"}
        (passed,) = centre.engine.campaign_status(CampaignId("cold")).passed_over
        assert (passed.code, passed.values) == ("trunk_down", {"trunk": "pbx", "cause": "no_answer"})


@virtual
async def test_a_campaign_whose_trunks_are_all_down_says_which() -> None:
    cold = campaign(trunks=ANY)
    async with Centre(cold, far=QUICK, trunks=(trunk(),)) as centre:
        await centre.staff(1)
        for name in ("pbx", "spare"):
            centre.lines.move_trunk(name, up=False, reason="no_answer")
        centre.leads.add(cold, numbers(3))
        await asyncio.sleep(3)

        assert trunks_of(centre) == []
        reason = centre.engine.campaign_status(cold.id).reason
        assert (reason.code, reason.values) == ("trunks_closed", {"closed": 2, "trunks": "pbx, spare"})


@virtual
async def test_a_campaign_without_any_trunk_of_the_settings_says_so() -> None:
    cold = campaign(trunks=("gone",))
    async with Centre(cold, trunks=(trunk(),)) as centre:
        await centre.staff(1)
        centre.leads.add(cold, numbers(3))
        await asyncio.sleep(3)

        assert (trunks_of(centre), centre.reason()) == ([], "no_trunk")


@virtual
async def test_retry_after_rests_one_trunk_and_the_other_takes_all() -> None:
    cold = campaign(trunks=ANY)
    async with Centre(cold, far=QUICK, trunks=(trunk(),)) as centre:
        centre.lines.on_trunk["pbx"] = FarEnd(status=503, after_s=0.1, rings_after_s=None, retry_after=60.0)
        await centre.staff(1)
        centre.leads.add(cold, numbers(100))
        await centre.until(lambda: len(centre.outcomes()) >= 40)

        assert Counter(trunks_of(centre))["pbx"] == 1
        (resting,) = centre.engine.campaign_status(cold.id).passed_over
        assert resting.code == "trunk_resting"


# ---------------------------------------------------------------- one call that goes on


@pytest.mark.parametrize("status", [500, 502, 503, 504, 403, 408, 0])
@virtual
async def test_a_call_that_its_trunk_cannot_take_goes_on_by_the_next(status: int) -> None:
    cold = campaign(trunks=("spare", "pbx"))
    async with Centre(cold, far=ANSWERS, trunks=(trunk(),), delay_s=0.02) as centre:
        centre.lines.on_trunk["spare"] = FarEnd(status=status, after_s=0.1, rings_after_s=None)
        (lead,) = centre.leads.add(cold, numbers(1))
        (operator,) = await centre.staff(1)
        began = centre.clock.monotonic()
        await centre.until(lambda: centre.state(operator) == "talking")

        assert centre.clock.monotonic() - began < 10
        assert trunks_of(centre) == ["spare", "pbx"]
        calls = [a for a in centre.leads.attempts.values() if a.start.kind is AttemptKind.CALL]
        assert [(a.start.lead, a.start.no) for a in calls] == [(lead.id, 1), (lead.id, 2)]
        assert calls[0].ended is not None
        assert calls[0].ended.keeps_lead
        assert centre.leads.leads[lead.id].lead.tries == 0
        await asyncio.sleep(1)
        states = [fact.state for fact in centre.facts(OperatorChanged, operator=operator)]
        assert states[-2:] == ["reserved", "talking"], "reserved for both attempts"


@virtual
async def test_the_second_attempt_is_asked_for_and_begins_after_the_first_is_over_in_the_store() -> None:
    cold = campaign(trunks=("spare", "pbx"))
    async with Centre(cold, far=QUICK, trunks=(trunk(),), delay_s=0.2) as centre:
        centre.lines.on_trunk["spare"] = FAULT
        centre.leads.add(cold, numbers(20))
        await centre.staff(3)
        begun: list[AttemptStart] = []
        begin = centre.leads.begin

        async def begin_alone(start: AttemptStart) -> bool:
            lives = [a.start for a in centre.leads.attempts.values() if a.ended is None]
            assert start.number not in {live.number for live in lives}
            begun.append(start)
            return await begin(start)

        centre.leads.begin = begin_alone  # type: ignore[method-assign]
        await centre.until(lambda: centre.outcomes().count("busy") == 20, 300)

        dialed = centre.customers()
        assert Counter(dialed).keys() == set(numbers(20))
        assert max(Counter(dialed).values()) == 2
        asked = [(r.number, r.trunk) for r in centre.rules.asked if r.kind is AttemptKind.CALL]
        assert asked == [(start.number, start.trunk) for start in begun]


@virtual
async def test_a_call_goes_on_once_and_what_rang_does_not() -> None:
    cold = campaign(trunks=("spare", "other", "pbx"))
    async with Centre(cold, trunks=(trunk(), trunk("other"))) as centre:
        centre.lines.on_trunk = {"spare": FAULT, "other": FAULT}
        (lead,) = centre.leads.add(cold, numbers(1))
        (operator,) = await centre.staff(1)
        await centre.until(lambda: len(centre.outcomes()) == 2)
        await asyncio.sleep(5)

        assert trunks_of(centre) == ["spare", "other"]
        assert centre.state(operator) == "ready"
        assert centre.leads.leads[lead.id].state == "open"

    async with Centre(cold, trunks=(trunk(), trunk("other"))) as centre:
        centre.lines.on_trunk = {"spare": FarEnd(status=503, after_s=2.0, rings_after_s=1.0)}
        centre.leads.add(cold, numbers(1))
        await centre.staff(1)
        await asyncio.sleep(20)

        assert trunks_of(centre) == ["spare"]


@virtual
async def test_without_another_trunk_the_lead_waits_as_before() -> None:
    cold = campaign(trunks=ANY)
    async with Centre(cold, trunks=(trunk(),)) as centre:
        centre.lines.on_trunk = {"spare": FAULT}
        await centre.staff(1)
        centre.lines.move_trunk("pbx", up=False, reason="no_answer")
        (lead,) = centre.leads.add(cold, numbers(1))
        await centre.until(centre.outcomes)
        await asyncio.sleep(5)

        assert trunks_of(centre) == ["spare"]
        assert centre.leads.leads[lead.id].state == "open"
        assert centre.leads.leads[lead.id].next_at is not None


@virtual
async def test_what_the_rules_refuse_the_second_time_is_given_back() -> None:
    cold = campaign(trunks=("spare", "pbx"))
    async with Centre(cold, trunks=(trunk(),)) as centre:

        def first_alone(request: DialRequest, _now: object) -> Verdict:
            return Verdict(request.trunk != "pbx" or not request.number.startswith("+"), Reason("on_do_not_call"))

        centre.rules.verdict = first_alone
        centre.lines.on_trunk = {"spare": FAULT}
        (lead,) = centre.leads.add(cold, numbers(1))
        (operator,) = await centre.staff(1)
        await centre.until(lambda: centre.leads.leads[lead.id].state == "closed")

        assert trunks_of(centre) == ["spare"]
        assert centre.state(operator) == "ready"


@virtual
async def test_an_operator_who_leaves_meanwhile_lets_the_lead_go_back() -> None:
    cold = campaign(trunks=("spare", "pbx"))
    async with Centre(cold, far=ANSWERS, trunks=(trunk(),), delay_s=1.0) as centre:
        centre.lines.on_trunk = {"spare": FAULT}
        (operator,) = await centre.staff(1)
        await centre.until(lambda: centre.state(operator) == "ready")
        (lead,) = centre.leads.add(cold, numbers(1))
        await centre.until(lambda: trunks_of(centre) == ["spare"])
        await asyncio.sleep(0.5)
        await centre.engine.sign_off(operator)
        await asyncio.sleep(30)

        assert trunks_of(centre) == ["spare"]
        assert centre.leads.leads[lead.id].state == "open"
        assert centre.engine._floor.calls == {}


@virtual
async def test_a_journal_that_is_stuck_frees_the_operator_and_keeps_no_lead() -> None:
    cold = campaign(trunks=("spare", "pbx"))
    async with Centre(cold, far=ANSWERS, trunks=(trunk(),)) as centre:
        centre.lines.on_trunk = {"spare": FarEnd(status=503, after_s=1.0, rings_after_s=None)}
        (operator,) = await centre.staff(1)
        (lead,) = centre.leads.add(cold, numbers(1))
        await centre.until(lambda: trunks_of(centre) == ["spare"])
        centre.journal.failure = OSError("disk full")
        await asyncio.sleep(20)
        assert centre.state(operator) == "ready"
        assert trunks_of(centre) == ["spare"]

        centre.journal.failure = None
        await centre.until(lambda: centre.state(operator) == "talking")
        assert trunks_of(centre) == ["spare", "spare", "pbx"], "given back, and begun anew"
        assert centre.leads.leads[lead.id].outcomes == [Outcome.TRUNK_BUSY] * 2


@virtual
async def test_a_trunk_that_answers_503_in_the_middle_of_a_day_doubles_and_loses_nothing() -> None:
    cold = campaign(trunks=ANY, max_lines=60, wrap_up_s=0.1)
    async with Centre(cold, far=FarEnd(after_s=1.0, talk_s=3.0), trunks=(trunk(), trunk("other"))) as centre:
        leads = centre.leads.add(cold, numbers(150))
        await centre.staff(10)
        await centre.until(lambda: len(centre.outcomes()) > 30)
        centre.lines.on_trunk = {"spare": FAULT}
        await centre.until(lambda: all(s.state == "done" for s in centre.leads.leads.values()), 600)

        answered = [f.lead for f in centre.facts(AttemptEnded, kind=AttemptKind.CALL) if f.outcome is Outcome.CONNECTED]
        assert len(set(answered)) == len(answered)
        faults = centre.facts(AttemptEnded, outcome=Outcome.TRUNK_BUSY)
        assert 8 <= len(faults) <= 30
        assert all(fact.keeps_lead for fact in faults)
        assert set(answered) == {lead.id for lead in leads}


@virtual
async def test_a_call_that_was_sent_on_does_not_go_on_by_another_trunk() -> None:
    cold = campaign(trunks=("spare", "pbx"))
    first, elsewhere = numbers(2)
    sent_on = FarEnd(status=302, after_s=0.1, rings_after_s=None, targets=(elsewhere,))
    async with Centre(cold, far=lambda number: sent_on if number == first else FAULT, trunks=(trunk(),)) as centre:
        (lead,) = centre.leads.add(cold, [first])
        (operator,) = await centre.staff(1)
        await centre.until(lambda: len(centre.outcomes()) == 1)
        await asyncio.sleep(5)

        assert centre.customers() == [first, elsewhere]
        assert trunks_of(centre) == ["spare", "spare"]
        assert centre.leads.leads[lead.id].state == "open"
        assert centre.state(operator) == "ready"


@virtual
async def test_a_call_that_went_on_by_another_trunk_may_be_sent_on() -> None:
    cold = campaign(trunks=("spare", "pbx"))
    first, elsewhere = numbers(2)
    sent_on = FarEnd(status=302, after_s=0.1, rings_after_s=None, targets=(elsewhere,))
    async with Centre(cold, far=lambda number: sent_on if number == first else ANSWERS, trunks=(trunk(),)) as centre:
        centre.lines.on_trunk["spare"] = FAULT
        centre.leads.add(cold, [first])
        (operator,) = await centre.staff(1)
        await centre.until(lambda: centre.state(operator) == "talking")

        assert centre.customers() == [first, first, elsewhere]
        assert trunks_of(centre) == ["spare", "pbx", "pbx"]
        calls = [a.start.no for a in centre.leads.attempts.values() if a.start.kind is AttemptKind.CALL]
        assert calls == [1, 2, 3]
