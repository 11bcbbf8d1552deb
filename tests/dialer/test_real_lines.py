"""The engine on real SIP and RTP against Asterisk; its call records are the judge."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from asterisk import Pbx
from phone import Phone
from small_centre import BANK, Centre, campaign, predictive

from dialer.facts import AttemptAnswered, AttemptEnded, CallConnected, CallEnded, CallStarted, EndedBy, TrunkChanged
from dialer.lines import SipLines
from dialer.memory_lines import FarEnd
from dialer.outcomes import Outcome
from dialer.shapes import AttemptKind, BudgetCounts, Caller, Campaign, Detection, Detector, LegId, OperatorId
from dialer.trunks import Trunk
from kit.clock import SystemClock
from media.g711 import loudness
from media.session import PortRange
from sip.tls import Tls

pytestmark = [pytest.mark.asterisk, pytest.mark.timeout(60)]
OPERATOR = OperatorId("op1")
LINE_PORTS = (29200, 29398)
"""Above the ports that Asterisk may take."""


class RealCentre(Centre):
    """The engine with stores in memory and lines to Asterisk; operator 1001 has a phone."""

    def __init__(self, pbx: Pbx, *campaigns: Campaign, secret: str = "dialer-secret", transport: str = "udp") -> None:
        super().__init__(*campaigns, far=FarEnd(), before=BudgetCounts(100, 0))
        login = {"username": "dialer", "password": secret, "realm": "pbx.test"}
        self.trunk = Trunk("pbx", *pbx.address, **login, cps=0, transport=transport)  # type: ignore[assignment]
        self.clock = SystemClock()  # type: ignore[assignment]
        self.phone = Phone("1001", pbx.address)
        self.take_lines()

    def take_lines(self, port: int = 0, tls: Tls | None = None, workers: int = 0) -> None:
        """New lines, as a new process has them."""
        ports = PortRange("127.0.0.1", *LINE_PORTS)
        trunks = (self.trunk,)
        bind = ("127.0.0.1", port)
        self.sip = SipLines(  # type: ignore[arg-type]
            trunks, self.clock, ports=ports, bind=bind, language="en", tls=tls, workers=workers
        )
        self.lines = self.sip  # type: ignore[assignment]

    async def open(self) -> None:
        await self.sip.start()
        self.engine = self.make_engine()
        await self.engine.start()
        await self.until(lambda: self.engine.trunks()[0].up, 10)

    async def sit_down(self, *, ready: bool = True) -> None:
        await self.phone.start()
        await self.engine.sign_in(OPERATOR, "1001")
        if ready:
            await self.engine.set_ready(OPERATOR)
        await self.until(lambda: self.state(OPERATOR) not in ("offline", "connecting"), 5)

    async def close(self) -> None:
        await self.engine.stop()
        await self.sip.stop()
        await self.phone.stop()

    def placed(self) -> list[str]:
        return [a.start.number for a in self.leads.attempts.values() if a.start.kind is AttemptKind.CALL]


@pytest.fixture
async def real(pbx: Pbx, request: pytest.FixtureRequest) -> AsyncIterator[RealCentre]:
    """A centre on Asterisk with one progressive campaign, or the campaign that the test names."""
    centre = RealCentre(pbx, getattr(request, "param", campaign(ring_s=3.0, wrap_up_s=0.2)))
    try:
        await centre.open()
        yield centre
    finally:
        await centre.close()
        assert centre.sip._legs == {}


def first(centre: RealCentre) -> Campaign:
    return next(iter(centre.leads.running.values()))


async def test_registers_with_digest_and_says_so(real: RealCentre, pbx: Pbx) -> None:
    assert "sip:ahize@127.0.0.1" in await pbx.command("pjsip show contacts")
    assert real.engine.trunks()[0].reason.code == "registered"


async def test_wrong_secret_dials_nothing_and_says_why(pbx: Pbx) -> None:
    centre = RealCentre(pbx, campaign(), secret="not-the-secret")
    await centre.sip.start()
    centre.engine = centre.make_engine()
    await centre.engine.start()
    try:
        centre.leads.add(first(centre), ["+905321000001"])
        await centre.until(lambda: centre.sip.trunks()[0].reason.code == "registration_refused", 5)
        await asyncio.sleep(0.6)

        assert centre.reason() == "trunk_down"
        assert centre.facts(TrunkChanged)[-1].reason.code == "registration_refused"
    finally:
        await centre.close()


async def test_answered_call_is_joined_and_sound_flows_both_ways(real: RealCentre, pbx: Pbx) -> None:
    real.leads.add(first(real), ["+905325000001"])  # echo
    await real.sit_down()

    await real.until(lambda: real.facts(CallConnected), 10)
    await asyncio.sleep(1.5)

    assert real.facts(CallConnected)[0].connect_ms > 0
    assert real.phone.loud > 40, "the phone hears its own voice, echoed by the customer"
    view = real.engine.operator(OPERATOR)
    assert view is not None
    assert view.call is not None
    await real.engine.hang_up(view.call, OPERATOR)
    await real.until(real.outcomes, 5)
    assert real.outcomes() == ["connected"]
    await asyncio.sleep(0.3)
    heard = real.phone.heard
    await asyncio.sleep(0.5)
    assert real.phone.heard - heard <= 1, "silent between calls"
    assert (await pbx.record("905325000001")).outcome == "ANSWERED"


@pytest.mark.parametrize(
    ("number", "outcome", "status"),
    [
        ("+905322000001", Outcome.BUSY, 486),
        ("+905322200001", Outcome.TRUNK_BUSY, 503),
        ("+905322300001", Outcome.UNKNOWN_NUMBER, 404),
        ("+905322400001", Outcome.DECLINED, 603),
        ("+905322500001", Outcome.UNAVAILABLE, 480),
        ("+905322600001", Outcome.TRUNK_REFUSED, 403),
        ("+905322700001", Outcome.TRUNK_BUSY, 500),
        ("+905322800001", Outcome.UNKNOWN_NUMBER, 410),
        ("+905322100001", Outcome.NO_ANSWER, 487),
        ("+905322900001", Outcome.NO_ANSWER, 487),
    ],
)
async def test_each_answer_of_the_network_becomes_its_outcome(
    real: RealCentre, pbx: Pbx, number: str, outcome: Outcome, status: int
) -> None:
    real.leads.add(first(real), [number])
    await real.sit_down()

    await real.until(real.outcomes, 12)

    (ended,) = real.facts(AttemptEnded, kind=AttemptKind.CALL)
    assert (ended.outcome, ended.status) == (outcome, status)
    assert (await pbx.record(number[1:])).extension
    assert real.state(OPERATOR) in ("ready", "reserved")


async def test_trunk_by_tcp_registers_dials_joins_and_takes_calls(pbx: Pbx) -> None:
    centre = RealCentre(pbx, campaign(ring_s=3.0, wrap_up_s=0.2), transport="tcp")
    try:
        await centre.open()
        centre.callers.by_called["+902125550000"] = Caller(BANK)
        centre.leads.add(first(centre), ["+905321102011"])  # hangs up after 2 s
        await centre.sit_down()
        await centre.until(centre.outcomes, 30)
        await pbx.call_in("+902125550000", "+905321112233", "talker")
        await centre.until(lambda: len(centre.facts(CallConnected)) == 2, 30)

        assert centre.outcomes() == ["connected"]
        assert (await pbx.record("905321102011")).outcome == "ANSWERED"
        assert [f.called for f in centre.facts(CallStarted)][-1] == "+902125550000"
    finally:
        await centre.close()


async def test_customer_hangs_up(real: RealCentre, pbx: Pbx) -> None:
    real.leads.add(first(real), ["+905321102001"])  # hangs up after 2 s
    await real.sit_down()

    await real.until(real.outcomes, 12)

    (connected,), (ended,) = real.facts(CallConnected), real.facts(CallEnded)
    assert ended.by is EndedBy.CUSTOMER
    assert ended.talk_s == pytest.approx((ended.at - connected.at).total_seconds(), abs=0.2)
    assert ended.talk_s > (await pbx.record("905321102001")).answered - 1, "whole seconds"
    assert real.outcomes() == ["connected"]


async def test_ringing_dialog_is_stored_with_its_to_tag(real: RealCentre) -> None:
    real.leads.add(first(real), ["+905321002001"])  # answers after 2 s
    await real.sit_down()
    await real.until(lambda: real.facts(AttemptAnswered) and real.facts(CallStarted), 12)

    answered = real.facts(AttemptAnswered)[-1].dialog
    assert answered.to_tag
    assert answered.remote_target
    assert "905321002001" in answered.request_uri


@pytest.mark.parametrize("real", [predictive(ring_s=10.0, wrap_up_s=0.2)], indirect=True)
async def test_operator_who_signs_off_takes_back_the_ringing_call(real: RealCentre, pbx: Pbx) -> None:
    real.leads.add(first(real), ["+905321002002"])
    await real.sit_down()
    await real.until(real.placed, 5)
    await real.engine.sign_off(OPERATOR)
    await real.until(real.outcomes, 20)

    # A team of one dials progressively: whoever signs off takes the ringing call back.
    assert real.outcomes() == ["cancelled"]
    assert await asyncio.to_thread(pbx.channels) == 0


@pytest.mark.parametrize("real", [predictive(ring_s=10.0, wrap_up_s=0.2)], indirect=True)
async def test_person_whom_nobody_takes_hears_the_message(real: RealCentre, pbx: Pbx) -> None:
    phones = [Phone(extension, pbx.address) for extension in ("1002", "1003")]
    operators = [OPERATOR, OperatorId("op2"), OperatorId("op3")]
    await real.sit_down()
    for operator, phone in zip(operators[1:], phones, strict=True):
        await phone.start()
        await real.engine.sign_in(operator, phone.extension)
        await real.engine.set_ready(operator)
    try:
        await real.until(lambda: all(real.state(each) == "ready" for each in operators), 5)
        real.leads.add(first(real), ["+905321002002"])  # answers after 2 s
        real.engine.refresh()
        await real.until(real.placed, 5)
        for operator in operators:
            await real.engine.set_not_ready(operator)
        await real.until(real.outcomes, 20)

        assert real.outcomes() == ["abandoned"]
        assert real.facts(CallEnded)[0].reason.code == "not_connected_in_time"
        assert (await pbx.record("905321002002")).answered >= 4, "two seconds, then the whole message"
    finally:
        for phone in phones:
            await phone.stop()


async def test_leg_from_which_nothing_is_heard_is_ended(real: RealCentre, pbx: Pbx) -> None:
    real.sip._silence_s = 4.0
    real.leads.add(first(real), ["+905321500001"])  # answers, sends no RTP
    await real.sit_down()

    await real.until(real.outcomes, 20)

    (ended,) = real.facts(CallEnded)
    assert (ended.by, ended.reason.values["cause"]) == (EndedBy.LINE, "rtp_timeout")
    assert real.state(OPERATOR) in ("wrap_up", "ready"), "the operator's own leg goes on"


async def test_idle_phone_and_waiting_caller_end_when_the_other_side_says_nothing_more(
    real: RealCentre, pbx: Pbx
) -> None:
    real.callers.by_called["+902125550000"] = Caller(BANK)
    real.sip._ask_s = 1.0
    await real.sit_down(ready=False)
    await pbx.call_in("+902125550000", "+905321112233")
    await real.until(lambda: len(real.sip._legs) == 2, 5)
    await asyncio.sleep(2.5)
    assert real.state(OPERATOR) == "not_ready", "who is asked and answers stays"
    assert not real.facts(CallEnded)

    pbx.freeze()
    try:
        await real.until(lambda: real.state(OPERATOR) == "offline" and real.facts(CallEnded), 8)
    finally:
        pbx.thaw()

    (ended,) = real.facts(CallEnded)
    assert (ended.by, ended.reason.values["cause"]) == (EndedBy.LINE, "gone")


async def test_incoming_call_is_greeted_and_joined(real: RealCentre, pbx: Pbx) -> None:
    real.callers.by_called["+902125550000"] = Caller(BANK)
    await real.sit_down()

    await pbx.call_in("+902125550000", "+905321112233", "talker")
    await real.until(lambda: real.facts(CallConnected), 15)
    await asyncio.sleep(1.0)

    (started,) = real.facts(CallStarted)
    assert (started.called, started.number) == ("+902125550000", "+905321112233")
    assert real.phone.loud > 20
    view = real.engine.operator(OPERATOR)
    assert view is not None
    assert view.call is not None
    await real.engine.hang_up(view.call, OPERATOR)
    await real.until(lambda: real.facts(CallEnded), 5)


async def test_caller_waits_until_an_operator_is_ready(real: RealCentre, pbx: Pbx) -> None:
    real.callers.by_called["+902125550000"] = Caller(BANK)
    await real.sit_down(ready=False)
    await pbx.call_in("+902125550000", "+905321112233", "talker")
    await real.until(lambda: real.engine._floor.queue, 15)

    await real.engine.set_ready(OPERATOR)
    await real.until(lambda: real.facts(CallConnected), 5)


async def test_unknown_called_number_gets_404(real: RealCentre, pbx: Pbx) -> None:
    await pbx.call_in("+902120000000", "+905321112233", "human")
    await asyncio.sleep(1.0)

    assert real.facts(CallStarted) == []
    assert await asyncio.to_thread(pbx.channels) == 0


async def test_phone_that_hangs_up_leaves_the_customer_waiting(real: RealCentre) -> None:
    real.leads.add(first(real), ["+905325400001"])  # speaks without a pause
    await real.sit_down()
    await real.until(lambda: real.facts(CallConnected), 10)

    real.phone.hang_up()
    await real.until(lambda: real.state(OPERATOR) == "offline", 5)
    assert len(real.engine._floor.queue) == 1
    await real.engine.sign_in(OPERATOR, "1001")
    await real.engine.set_ready(OPERATOR)
    await real.until(lambda: len(real.facts(CallConnected)) == 2, 10)

    assert real.phone.answered == 2


@pytest.mark.parametrize(
    ("number", "waits", "transport"),
    [
        ("+905322100009", 0.6, "udp"),
        ("+905321000009", 1.5, "udp"),
        ("+905322100019", 0.6, "tcp"),
        ("+905321000019", 1.5, "tcp"),
    ],
)
async def test_restart_ends_ringing_and_talking_calls_on_asterisk(
    pbx: Pbx, number: str, waits: float, transport: str
) -> None:
    cold = campaign(ring_s=20.0)
    centre = RealCentre(pbx, cold, transport=transport)
    await centre.open()
    centre.leads.add(cold, [number])
    await centre.sit_down()
    await centre.until(centre.placed, 5)
    await asyncio.sleep(waits)
    assert await asyncio.to_thread(pbx.channels) >= 2
    port = centre.sip.agent.local_address.rpartition(":")[2]
    await die(centre)
    assert await asyncio.to_thread(pbx.channels) >= 2

    centre.take_lines(int(port))
    await centre.open()
    try:
        await pbx.until_quiet(8)
        lost = centre.facts(AttemptEnded)
        assert {f.outcome for f in lost} == {Outcome.LOST}
        await asyncio.sleep(1)
        assert [call.number for call in pbx.calls()].count(number[1:]) == 1, "never dialed again"
    finally:
        await centre.close()


async def die(centre: RealCentre) -> None:
    """As by kill -9: sockets close, nobody hangs up."""
    await centre.engine._tasks.close()
    await centre.sip._tasks.close()
    agent = centre.sip.agent
    await agent.tasks.close()
    agent.timers.clear()
    for transport in agent._transports.values():
        transport.close()
    for leg in centre.sip._legs.values():
        leg.sound.close()
    await asyncio.sleep(0.1)


# ---------------------------------------------------------------- machines told from people

JUDGED = campaign(ring_s=12.0, wrap_up_s=0.2, connect_s=4.0, detector=Detector(Detection.HANG_UP), message="message")
LEAVES_MESSAGES = replace(JUDGED, detector=Detector(Detection.MESSAGE))


@pytest.mark.parametrize("real", [JUDGED], indirect=True)
@pytest.mark.parametrize(
    ("number", "outcome"),
    [
        ("+905321001001", Outcome.CONNECTED),  # says hello, waits
        ("+905321401001", Outcome.CONNECTED),  # sends silence
        ("+905321200001", Outcome.MACHINE),
        ("+905321300001", Outcome.MACHINE),  # beeps and records
        ("+905324000001", Outcome.FAX),
        ("+905325300001", Outcome.MACHINE),  # a tone without end
        ("+905323100001", Outcome.UNKNOWN_NUMBER),  # tones and words before the answer, which never comes
    ],
)
async def test_who_answers_is_told_by_sound(real: RealCentre, number: str, outcome: Outcome) -> None:
    real.leads.add(first(real), [number])
    await real.sit_down()

    await real.until(lambda: real.facts(CallConnected) or real.outcomes(), 40)
    if real.facts(CallConnected):
        view = real.engine.operator(OPERATOR)
        assert view is not None
        assert view.call is not None
        await real.engine.hang_up(view.call, OPERATOR)
    await real.until(real.outcomes, 10)

    assert real.outcomes() == [outcome.value]


@pytest.mark.parametrize("real", [LEAVES_MESSAGES], indirect=True)
async def test_a_message_is_left_after_the_beep_of_a_real_machine(real: RealCentre, pbx: Pbx) -> None:
    real.leads.add(first(real), ["+905321200002"])
    await real.sit_down()

    played: list[str] = []
    play = real.sip.play

    def noted(leg: LegId, prompt: str, *, repeat: bool = False) -> None:
        played.append(prompt)
        play(leg, prompt, repeat=repeat)

    real.sip.play = noted  # type: ignore[method-assign]

    await real.until(real.outcomes, 50)

    assert (real.outcomes(), played) == (["machine"], ["message"])
    assert (await pbx.record("905321200002")).outcome == "ANSWERED"


# ---------------------------------------------------------------- recordings


@pytest.mark.parametrize("real", [campaign(ring_s=5.0, wrap_up_s=0.2, record=True)], indirect=True)
async def test_a_recording_has_both_voices_and_the_length_of_the_talk(real: RealCentre, pbx: Pbx) -> None:
    real.leads.add(first(real), ["+905325000003"])  # echo: the customer says what the operator said
    await real.sit_down()
    await real.until(lambda: real.facts(CallConnected), 10)
    (kept,) = real.recordings.made
    await real.until(lambda: len(kept.pieces) >= 3, 20)

    view = real.engine.operator(OPERATOR)
    assert view is not None
    assert view.call is not None
    await real.engine.hang_up(view.call, OPERATOR)
    await real.until(real.outcomes, 5)

    sound = b"".join(kept.pieces)
    assert kept.finished
    for side in (sound[0::2], sound[1::2]):
        assert loudness(side[8000:24000], kept.law) > 300
    talk_s = real.facts(CallEnded)[0].talk_s
    assert len(sound) / 16000 == pytest.approx(talk_s, abs=0.5)


async def test_an_incoming_call_is_recorded_with_both_voices_from_the_join_on(real: RealCentre, pbx: Pbx) -> None:
    real.callers.by_called["+902125550000"] = Caller(BANK, record=True, notice="recorded")
    await real.sit_down()
    await pbx.call_in("+902125550000", "+905321112233", "talker")
    await real.until(lambda: real.facts(CallConnected), 20)
    (kept,) = real.recordings.made
    await real.until(lambda: len(kept.pieces) >= 3, 20)

    call = real.facts(CallConnected)[0].call
    await real.engine.hang_up(call, OPERATOR)
    await real.until(lambda: real.facts(CallEnded), 5)

    sound = b"".join(kept.pieces)
    assert (kept.call.call, kept.finished) == (call, True)
    for side in (sound[0::2], sound[1::2]):
        assert loudness(side[8000:24000], kept.law) > 300
    assert len(sound) / 16000 == pytest.approx(real.facts(CallEnded)[0].talk_s, abs=0.5)


async def test_the_end_of_a_call_says_how_it_sounded_and_when_the_operator_was_first_heard(real: RealCentre) -> None:
    real.leads.add(first(real), ["+905325000004"])
    await real.sit_down()
    await real.until(lambda: real.facts(CallConnected), 10)
    await real.until(lambda: real.phone.loud > 20, 20)

    view = real.engine.operator(OPERATOR)
    assert view is not None
    assert view.call is not None
    await real.engine.hang_up(view.call, OPERATOR)
    await real.until(real.outcomes, 5)

    (ended,) = real.facts(CallEnded)
    assert ended.sound is not None
    assert ended.sound.loss < 0.05
    assert ended.sound.mos > 2.0
    assert ended.sound.first_voice_ms is not None
    assert ended.sound.first_voice_ms >= real.facts(CallConnected)[0].connect_ms - 20
