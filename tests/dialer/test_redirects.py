"""A customer's line that sends the call on (3xx): followed once, by the same rules, or not at all."""

import asyncio
from datetime import datetime

import pytest
from small_centre import Centre, campaign, numbers, virtual
from trunk_side import Service

from dialer.facts import AttemptEnded, CallConnected, CallStarted
from dialer.lines import SipLines
from dialer.memory import MemoryRules
from dialer.memory_lines import RINGS_ON, FarEnd
from dialer.shapes import AttemptKind, DialRequest, Reason, Verdict
from dialer.trunks import Trunk
from kit.clock import SystemClock
from media.session import PortRange
from sip.call import Call
from sip.server_call import ServerCall

OWN, ELSEWHERE, THIRD = numbers(3)
ANSWERS = FarEnd(after_s=2.0, talk_s=10.0)


def sent_on(*targets: str) -> FarEnd:
    return FarEnd(status=302, after_s=1.0, targets=targets)


def only(*allowed: str) -> MemoryRules:
    def verdict(request: DialRequest, now: datetime) -> Verdict:
        fine = request.number in (OWN, *allowed) or request.kind is AttemptKind.LEG
        return Verdict(fine, None if fine else Reason("premium"))

    return MemoryRules(verdict)


def centre_of(far: dict[str, FarEnd], rules: MemoryRules | None = None) -> Centre:
    return Centre(campaign(), far=far.__getitem__, rules=rules)


async def dial(centre: Centre) -> None:
    centre.leads.add(next(iter(centre.leads.running.values())), [OWN])
    await centre.staff(1)


@virtual
async def test_an_allowed_target_is_called_with_an_attempt_of_its_own() -> None:
    async with centre_of({OWN: sent_on(ELSEWHERE.removeprefix("+")), ELSEWHERE: ANSWERS}) as centre:
        await dial(centre)

        await centre.until(lambda: len(centre.outcomes()) == 2)

        assert centre.customers() == [OWN, ELSEWHERE]
        first, second = (a for a in centre.leads.attempts.values() if a.start.kind is AttemptKind.CALL)
        assert first.ended is not None
        assert (first.ended.outcome.value, first.ended.keeps_lead, second.start.no) == ("redirected", True, 2)
        assert centre.outcomes() == ["redirected", "connected"]
        asked = [request for request in centre.rules.asked if request.number == ELSEWHERE]
        assert [(request.redirected_from, request.lead) for request in asked] == [(OWN, first.start.lead)]
        assert centre.facts(CallStarted)[0].attempt == second.start.id


@virtual
async def test_the_first_target_that_the_rules_allow_is_called() -> None:
    async with centre_of({OWN: sent_on(ELSEWHERE, THIRD), THIRD: ANSWERS}, only(THIRD)) as centre:
        await dial(centre)

        await centre.until(lambda: len(centre.outcomes()) == 2)

        assert centre.customers() == [OWN, THIRD]


@pytest.mark.parametrize("targets", [(ELSEWHERE,), ("0090881612345678",), ()])
@virtual
async def test_a_number_that_may_not_be_dialed_is_not_and_the_outcome_says_so(targets: tuple[str, ...]) -> None:
    async with centre_of({OWN: sent_on(*targets)}, only()) as centre:
        await dial(centre)

        await centre.until(centre.outcomes)

        assert (centre.customers(), centre.outcomes()) == ([OWN], ["redirected"])
        assert centre.facts(AttemptEnded, kind=AttemptKind.CALL)[0].status == 302
        assert centre.state(next(iter(centre.engine.operators())).operator) == "ready"


@virtual
async def test_a_call_is_sent_on_once_only() -> None:
    async with centre_of({OWN: sent_on(ELSEWHERE), ELSEWHERE: sent_on(THIRD), THIRD: ANSWERS}) as centre:
        await dial(centre)

        await centre.until(lambda: len(centre.outcomes()) == 2)

        assert (centre.customers(), centre.outcomes()) == ([OWN, ELSEWHERE], ["redirected", "redirected"])


@virtual
async def test_the_ring_limit_counts_anew_and_ends_the_second_call() -> None:
    async with centre_of({OWN: sent_on(ELSEWHERE), ELSEWHERE: RINGS_ON}) as centre:
        await dial(centre)

        await centre.until(lambda: len(centre.outcomes()) == 2)

        assert centre.outcomes() == ["redirected", "no_answer"]
        assert all(a.ended for a in centre.leads.attempts.values() if a.start.kind is AttemptKind.CALL)


@virtual
async def test_an_operator_who_leaves_while_the_rules_are_asked_takes_the_call_back() -> None:
    async with centre_of({OWN: sent_on(ELSEWHERE), ELSEWHERE: ANSWERS}) as centre:
        centre.leads.delay_s = 0.5
        await dial(centre)
        await centre.until(lambda: len(centre.rules.asked) == 3, 60)

        await centre.engine.sign_off(next(iter(centre.engine.operators())).operator)
        await asyncio.sleep(5)

        assert centre.customers() == [OWN]
        assert all(a.ended for a in centre.leads.attempts.values() if a.start.kind is AttemptKind.CALL)


@virtual
async def test_rules_that_do_not_answer_in_time_end_the_call_and_free_its_operator() -> None:
    class Slow(MemoryRules):
        async def may_dial(self, request: DialRequest, now: datetime) -> Verdict:
            if request.number == ELSEWHERE:
                await asyncio.sleep(3600)
            return await super().may_dial(request, now)

    async with centre_of({OWN: sent_on(ELSEWHERE), ELSEWHERE: ANSWERS}, Slow()) as centre:
        await dial(centre)

        await centre.until(centre.outcomes, 30)

        assert (centre.customers(), centre.outcomes()) == ([OWN], ["redirected"])
        assert centre.state(next(iter(centre.engine.operators())).operator) == "ready"


# ---------------------------------------------------------------- on the wire


class SendsOn(Service):
    """A trunk that sends calls to one number on to another, and answers all others."""

    def __init__(self) -> None:
        super().__init__()
        self.called: list[str] = []

    def on_offered(self, call: ServerCall) -> None:
        self.called.append(call.called)
        if call.called == OWN:
            call.refuse(302, headers=[("contact", f"<sip:{ELSEWHERE}@192.0.2.66>")])
        else:
            super().on_offered(call)

    def on_ended(self, call: Call, by_us: bool, cause: str) -> None:
        if call in self.calls:
            super().on_ended(call, by_us, cause)


@pytest.mark.parametrize(
    ("rules", "called", "outcome"),
    [(only(ELSEWHERE), [OWN, ELSEWHERE], "connected"), (only(), [OWN], "redirected")],
)
async def test_a_302_of_the_trunk_is_followed_over_the_trunk_or_not_at_all(
    rules: MemoryRules, called: list[str], outcome: str
) -> None:
    far = SendsOn()
    await far.agent.start()
    port = int(far.agent.local_address.rpartition(":")[2])
    centre = Centre(campaign(wrap_up_s=0.2), rules=rules)
    centre.clock = SystemClock()  # type: ignore[assignment]
    trunk = Trunk("pbx", "127.0.0.1", port, register=False, cps=0)
    lines = SipLines((trunk,), centre.clock, ports=PortRange("127.0.0.1", 29000, 29198), silence_s=0)
    centre.lines = lines  # type: ignore[assignment]
    await lines.start()
    centre.engine = centre.make_engine()
    try:
        await centre.engine.start()
        await centre.until(lambda: lines.trunks()[0].up, 10)
        await dial(centre)
        await centre.until(lambda: centre.facts(CallConnected) or centre.outcomes()[-1:] == [outcome], 30)
    finally:
        await centre.engine.stop()
        await lines.stop()
        await far.agent.stop()

    assert far.called == ["1001", *called]
    assert centre.outcomes()[-1] == outcome
    assert centre.outcomes()[0] == "redirected"
