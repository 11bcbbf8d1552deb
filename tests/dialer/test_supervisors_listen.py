"""Who listens to which call: on whose phone, how, from when to when, and that it is noted."""

import asyncio

import pytest
from small_centre import Centre, campaign, numbers, virtual

from dialer.errors import AlreadyListening, CannotMonitor, PhoneRefused
from dialer.facts import CallConnected, CallMonitored, MonitoringEnded
from dialer.memory import MemoryRules
from dialer.memory_lines import BUSY, FarEnd
from dialer.shapes import CallId, MonitorMode, OperatorId, Reason, Verdict

(CUSTOMER,) = numbers(1)
BOSS, PHONE = OperatorId("boss"), "1009"
TALKS = FarEnd(after_s=3.0, talk_s=60.0)
LISTEN, WHISPER, BARGE = MonitorMode.LISTEN, MonitorMode.WHISPER, MonitorMode.BARGE


async def talk(centre: Centre) -> tuple[CallId, OperatorId]:
    centre.leads.add(next(iter(centre.leads.running.values())), [CUSTOMER])
    await centre.until(lambda: centre.facts(CallConnected))
    (connected,) = centre.facts(CallConnected)
    return connected.call, connected.operator


def hears(centre: Centre) -> tuple[str, str] | None:
    """Whose talk the supervisor's phone hears, and how."""
    try:
        ear = centre.lines.leg_to(PHONE)
    except LookupError:
        return None
    return None if ear.monitors is None or ear.mode is None else (centre.lines.legs[ear.monitors].number, ear.mode)


@virtual
async def test_a_supervisors_phone_is_called_and_hears_the_talk_until_it_ends() -> None:
    async with Centre(campaign(), far=TALKS) as centre:
        await centre.staff(1)
        call, operator = await talk(centre)

        await centre.engine.monitor(call, BOSS, PHONE, LISTEN)
        await centre.until(lambda: hears(centre))
        heard = hears(centre)
        await centre.engine.monitor(call, BOSS, PHONE, WHISPER)
        whispered = hears(centre)
        await centre.until(centre.outcomes)
        await asyncio.sleep(1)

        assert (heard, whispered, hears(centre)) == (("1001", "listen"), ("1001", "whisper"), None)
        assert [leg.number for leg in centre.lines.legs.values()] == ["1001"]
        assert [(f.supervisor, f.operator, f.mode) for f in centre.facts(CallMonitored)] == [
            (BOSS, operator, LISTEN),
            (BOSS, operator, WHISPER),
        ]
        (ended,) = centre.facts(MonitoringEnded)
        assert (ended.reason.code, ended.began_at) == ("call_over", centre.facts(CallMonitored)[0].at)


@virtual
async def test_it_ends_when_the_supervisor_stops_or_hangs_up_and_the_talk_goes_on() -> None:
    async with Centre(campaign(), far=TALKS) as centre:
        await centre.staff(1)
        call, _ = await talk(centre)

        for leaves in ("door", "phone"):
            await centre.engine.monitor(call, BOSS, PHONE, BARGE)
            await centre.until(lambda: hears(centre))
            if leaves == "door":
                await centre.engine.stop_monitoring(call, BOSS)
            else:
                centre.lines.hang_up_far(centre.lines.leg_to(PHONE).id)
            await asyncio.sleep(1)
            assert hears(centre) is None

        assert [f.reason.code for f in centre.facts(MonitoringEnded)] == ["stopped", "phone_lost"]
        assert centre.lines.leg_to(CUSTOMER).joined


@virtual
async def test_a_held_talk_is_waited_for_and_the_next_operators_is_heard() -> None:
    async with Centre(campaign(), far=TALKS) as centre:
        await centre.staff(1)
        call, operator = await talk(centre)
        await centre.engine.monitor(call, BOSS, PHONE, LISTEN)
        await centre.until(lambda: hears(centre))

        await centre.engine.hold(call, operator, held=True)
        await asyncio.sleep(1)
        held = hears(centre)
        await centre.engine.hold(call, operator, held=False)
        resumed = hears(centre)
        await centre.engine.sign_in(OperatorId("op2"), "1002")
        await centre.engine.set_ready(OperatorId("op2"))
        await asyncio.sleep(1)
        await centre.engine.transfer(call, operator, OperatorId("op2"), warm=False)
        await asyncio.sleep(1)

        assert (held, resumed, hears(centre)) == (None, ("1001", "listen"), ("1002", "listen"))
        assert centre.facts(MonitoringEnded) == []
        await centre.engine.transfer_to_phone(call, OperatorId("op2"), "1007", warm=False)
        await centre.until(lambda: centre.facts(MonitoringEnded))
        assert centre.facts(MonitoringEnded)[0].reason.code == "talk_ended"


@virtual
async def test_a_supervisor_who_has_signed_in_listens_on_the_same_phone() -> None:
    async with Centre(campaign(), far=TALKS) as centre:
        await centre.staff(1)
        call, _ = await talk(centre)
        await centre.engine.sign_in(BOSS, PHONE)
        await asyncio.sleep(1)

        await centre.engine.monitor(call, BOSS, PHONE, LISTEN)
        heard = hears(centre)
        await centre.engine.stop_monitoring(call, BOSS)
        await asyncio.sleep(1)

        assert heard == ("1001", "listen")
        assert centre.lines.leg_to(PHONE).state == "up", "it stays up for the shift"
        await centre.engine.set_ready(BOSS)
        with pytest.raises(AlreadyListening):
            await centre.engine.monitor(call, BOSS, PHONE, LISTEN)


@virtual
async def test_a_supervisor_whose_own_phone_is_lost_listens_no_more_even_if_the_talk_rests() -> None:
    async with Centre(campaign(), far=TALKS) as centre:
        await centre.staff(1)
        call, operator = await talk(centre)
        await centre.engine.sign_in(BOSS, PHONE)
        await asyncio.sleep(1)
        await centre.engine.monitor(call, BOSS, PHONE, LISTEN)
        await centre.engine.hold(call, operator, held=True)
        await asyncio.sleep(1)

        centre.lines.hang_up_far(centre.lines.leg_to(PHONE).id)
        await asyncio.sleep(1)

        assert [f.reason.code for f in centre.facts(MonitoringEnded)] == ["phone_lost"]
        await centre.engine.monitor(call, OperatorId("second"), "1010", LISTEN)


@virtual
async def test_a_held_talk_that_goes_on_takes_no_phone_at_which_the_supervisor_talks_by_then() -> None:
    async with Centre(campaign(), far=TALKS) as centre:
        await centre.staff(1)
        call, operator = await talk(centre)
        await centre.engine.sign_in(BOSS, PHONE)
        await asyncio.sleep(1)
        await centre.engine.monitor(call, BOSS, PHONE, LISTEN)
        await centre.engine.hold(call, operator, held=True)
        await centre.engine.set_ready(BOSS)
        (other,) = numbers(1, first=2)
        centre.leads.add(next(iter(centre.leads.running.values())), [other])
        await centre.until(lambda: centre.state(BOSS) == "talking")

        await centre.engine.hold(call, operator, held=False)
        await asyncio.sleep(1)

        assert (hears(centre), centre.lines.leg_to(PHONE).joined) == (None, centre.lines.leg_to(other).id)
        assert [f.reason.code for f in centre.facts(MonitoringEnded)] == ["talk_ended"]


@virtual
async def test_what_cannot_be_heard_is_said_so() -> None:
    def refuses(request: object, now: object) -> Verdict:
        return Verdict(getattr(request, "number") != "666", Reason("not_an_extension"))  # noqa: B009

    async with Centre(campaign(), far=TALKS, rules=MemoryRules(refuses)) as centre:
        await centre.staff(1)
        call, operator = await talk(centre)

        with pytest.raises(CannotMonitor):
            await centre.engine.monitor(CallId("none"), BOSS, PHONE, LISTEN)
        with pytest.raises(CannotMonitor):
            await centre.engine.monitor(call, operator, "1001", LISTEN)
        with pytest.raises(PhoneRefused):
            await centre.engine.monitor(call, BOSS, "666", LISTEN)
        await centre.engine.monitor(call, BOSS, PHONE, LISTEN)
        with pytest.raises(CannotMonitor):
            await centre.engine.monitor(call, OperatorId("second"), "1010", LISTEN)
        await centre.until(centre.outcomes)
        with pytest.raises(CannotMonitor):
            await centre.engine.monitor(call, BOSS, PHONE, LISTEN)


@virtual
async def test_a_supervisors_phone_that_is_busy_ends_it_with_its_reason() -> None:
    async with Centre(campaign(), far=TALKS) as centre:
        known = centre.lines._far
        centre.lines._far = lambda number: BUSY if number == PHONE else known(number)
        await centre.staff(1)
        call, _ = await talk(centre)

        await centre.engine.monitor(call, BOSS, PHONE, LISTEN)
        await centre.until(lambda: centre.facts(MonitoringEnded))

        (ended,) = centre.facts(MonitoringEnded)
        assert (ended.reason.code, ended.began_at, centre.facts(CallMonitored)) == ("phone_refused", None, [])
