"""Which calls are recorded, from when to when, and what a campaign does while recordings cannot be kept."""

import asyncio
from dataclasses import replace

import pytest
from small_centre import BANK, DID, Centre, campaign, numbers, virtual

from dialer.errors import NotYourCall
from dialer.facts import CallConnected, CallEnded, LegSound
from dialer.memory_lines import FarEnd
from dialer.shapes import Caller, CampaignId, Detection, Detector, OperatorId, Reason, WithoutRecording
from kit import metrics

TALKS = FarEnd(after_s=3.0, talk_s=30.0)
CALLER = "+905321112233"
STUCK = Reason("recordings_stuck", {"cause": "disk_full"})


@virtual
async def test_nothing_is_recorded_unless_the_campaign_says_so() -> None:
    cold = campaign()
    async with Centre(cold, far=TALKS) as centre:
        centre.leads.add(cold, numbers(1))
        await centre.staff(1)

        await centre.until(centre.outcomes)

        assert centre.recordings.made == []


@virtual
async def test_a_recording_begins_with_the_join_and_ends_with_the_call() -> None:
    cold = campaign(record=True)
    async with Centre(cold, far=TALKS) as centre:
        centre.leads.add(cold, numbers(1))
        (operator,) = await centre.staff(1)

        await centre.until(lambda: centre.facts(CallConnected))
        (kept,) = centre.recordings.made
        call = centre.facts(CallConnected)[0].call
        assert (kept.call.call, kept.call.operator, kept.law, kept.finished) == (call, operator, "PCMA", False)
        await centre.until(centre.outcomes)

        assert kept.finished
        assert len(centre.recordings.made) == 1


@virtual
async def test_machines_and_calls_that_nobody_takes_are_not_recorded() -> None:
    cold = campaign(record=True, detector=Detector(Detection.HANG_UP))
    async with Centre(cold, far=FarEnd(heard="machine")) as centre:
        centre.leads.add(cold, numbers(1))
        await centre.staff(1)

        await centre.until(centre.outcomes)

        assert centre.recordings.made == []


@virtual
async def test_a_customer_whose_operator_is_lost_stays_in_the_same_recording() -> None:
    cold = campaign(record=True)
    async with Centre(cold, far=FarEnd(after_s=3.0, talk_s=60.0)) as centre:
        centre.leads.add(cold, numbers(1))
        first, _ = await centre.staff(2)
        await centre.until(lambda: centre.facts(CallConnected))

        served = centre.facts(CallConnected)[0].operator
        centre.lines.hang_up_far(centre.lines.leg_to("1001" if served == first else "1002").id)
        await centre.until(lambda: len(centre.facts(CallConnected)) == 2)

        assert len(centre.recordings.made) == 1
        assert not centre.recordings.made[0].finished


@virtual
async def test_the_next_operator_of_a_call_does_not_inherit_the_pause_of_the_former() -> None:
    cold = campaign(record=True)
    async with Centre(cold, far=FarEnd(after_s=3.0, talk_s=60.0)) as centre:
        centre.leads.add(cold, numbers(1))
        await centre.staff(2)
        await centre.until(lambda: centre.facts(CallConnected))
        first, customer = centre.facts(CallConnected)[0], centre.lines.leg_to(numbers(1)[0])
        await centre.engine.pause_recording(first.call, first.operator, paused=True)

        centre.lines.hang_up_far(next(iter(leg for leg in centre.lines.legs.values() if customer.joined == leg.id)).id)
        await centre.until(lambda: len(centre.facts(CallConnected)) == 2)

        assert not customer.paused


@virtual
async def test_a_caller_is_told_first_and_then_recorded_from_the_join_to_the_end() -> None:
    async with Centre() as centre:
        matched = CampaignId("warm")
        centre.callers.by_called[DID] = Caller(BANK, campaign=matched, record=True, notice="recorded")
        (operator,) = await centre.staff(1)

        leg = centre.lines.offer("pbx", CALLER, DID, talk_s=30.0)
        await centre.until(lambda: centre.lines.legs[leg].prompt == "recorded")
        assert (centre.recordings.made, centre.lines.joins) == ([], [])
        await centre.until(lambda: centre.facts(CallConnected))

        (kept,) = centre.recordings.made
        assert centre.lines.played == [(CALLER, "greeting"), (CALLER, "recorded")]
        assert (kept.call.project, kept.call.campaign, kept.call.operator) == (BANK, matched, operator)
        await centre.until(lambda: centre.facts(CallEnded))
        assert kept.finished


@virtual
async def test_a_caller_is_not_recorded_unless_it_is_said_so_and_may_give_up_while_it_is_said() -> None:
    async with Centre() as centre:
        await centre.staff(1)
        centre.lines.offer("pbx", CALLER, DID, talk_s=30.0)
        await centre.until(lambda: centre.facts(CallEnded))
        centre.callers.by_called[DID] = Caller(BANK, record=True, notice="recorded")
        leg = centre.lines.offer("pbx", CALLER, DID)
        await centre.until(lambda: centre.lines.legs[leg].prompt == "recorded")

        centre.lines.hang_up_far(leg)
        await centre.until(lambda: len(centre.facts(CallEnded)) == 2)

        assert centre.recordings.made == []


@virtual
async def test_the_recording_of_a_caller_is_paused_like_any_other() -> None:
    async with Centre() as centre:
        centre.callers.by_called[DID] = Caller(BANK, record=True)
        (operator,) = await centre.staff(1)
        leg = centre.lines.offer("pbx", CALLER, DID, talk_s=30.0)
        await centre.until(lambda: centre.facts(CallConnected))

        await centre.engine.pause_recording(centre.facts(CallConnected)[0].call, operator, paused=True)

        assert centre.lines.legs[leg].paused


@virtual
async def test_only_the_operator_of_the_call_pauses_its_recording() -> None:
    cold = campaign(record=True)
    async with Centre(cold, far=TALKS) as centre:
        centre.leads.add(cold, numbers(1))
        (operator,) = await centre.staff(1)
        await centre.until(lambda: centre.facts(CallConnected))
        call, customer = centre.facts(CallConnected)[0].call, centre.lines.leg_to(numbers(1)[0])

        with pytest.raises(NotYourCall):
            await centre.engine.pause_recording(call, OperatorId("another"), paused=True)
        assert not customer.paused
        await centre.engine.pause_recording(call, operator, paused=True)
        assert customer.paused
        await centre.engine.pause_recording(call, operator, paused=False)
        assert not customer.paused


@virtual
async def test_a_campaign_that_must_be_recorded_waits_until_recordings_can_be_kept() -> None:
    cold = campaign(record=True, without_recording=WithoutRecording.STOP)
    async with Centre(cold, far=TALKS) as centre:
        centre.recordings.reason = STUCK
        centre.leads.add(cold, numbers(1))
        await centre.staff(1)
        await asyncio.sleep(10)

        assert (centre.customers(), centre.reason()) == ([], "recordings_stuck")
        centre.recordings.reason = None

        await centre.until(centre.customers)


@virtual
async def test_a_campaign_that_may_go_on_without_recordings_dials() -> None:
    cold = campaign(record=True)
    async with Centre(cold, far=TALKS) as centre:
        centre.recordings.reason = STUCK
        centre.leads.add(cold, numbers(1))
        await centre.staff(1)

        await centre.until(centre.outcomes)

        assert centre.outcomes() == ["connected"]


# ---------------------------------------------------------------- how it sounded


@virtual
async def test_how_a_call_sounded_is_noted_with_its_end() -> None:
    cold = campaign()
    sound = LegSound(0.01, 4.0, 80.0, 3.8, 1200.0)
    async with Centre(cold, far=replace(TALKS, sound=sound)) as centre:
        centre.leads.add(cold, numbers(1))
        await centre.staff(1)

        await centre.until(centre.outcomes)

        assert [fact.sound for fact in centre.facts(CallEnded)] == [sound]


@pytest.mark.parametrize(("talk_s", "voice_ms", "alarms"), [(30.0, None, 1), (30.0, 900.0, 0), (5.0, None, 0)])
@virtual
async def test_an_operator_who_is_never_heard_is_counted(talk_s: float, voice_ms: float | None, alarms: int) -> None:
    cold = campaign()
    before = silent_operators()
    far = FarEnd(talk_s=talk_s, sound=LegSound(0.0, 1.0, None, 4.4, voice_ms))
    async with Centre(cold, far=far) as centre:
        centre.leads.add(cold, numbers(1))
        await centre.staff(1)

        await centre.until(centre.outcomes)

    assert silent_operators() - before == alarms


def silent_operators() -> float:
    return metrics.registry.get_sample_value("ahize_silent_operators_total") or 0.0
