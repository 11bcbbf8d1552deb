"""Hold, handing on and listening by real SIP and RTP: everybody speaks a tone of their own through Asterisk, and what
each one hears is measured at all of them."""

import asyncio
import math
from array import array
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from asterisk import Pbx
from phone import PHONE_PORTS, Phone
from small_centre import campaign
from test_real_lines import OPERATOR, RealCentre, first

from dialer.facts import CallConnected, CallMonitored, CallTransferred, MonitoringEnded
from dialer.legs import description_of, to_text
from dialer.shapes import CallId, MonitorMode, OperatorId
from media import player
from media.codecs import NAMES, Coder, decoder
from media.session import Arrival, Leg, PortRange
from media.sound import of_samples
from sip.sdp import SessionDescription
from sip.server_call import ServerCall

pytestmark = [pytest.mark.asterisk, pytest.mark.timeout(90)]
HERTZ = {"operator": 900, "customer": 1500, "boss": 500, "colleague": 700}
EXTENSIONS = {"operator": "1001", "customer": "1005", "boss": "1003", "colleague": "1004"}
BOSS = OperatorId("boss")
RATE, FRAMES = 8000, 15
LEVEL, AUDIBLE, SILENT = 8000, 3000, 300
"""Amplitudes: of a tone, of one that is surely heard, of one that surely is not."""


def tone(hertz: int) -> bytes:
    """One second, which goes on without a seam when repeated."""
    return array("h", (int(LEVEL * math.sin(2 * math.pi * hertz * n / RATE)) for n in range(RATE))).tobytes()


def amplitude(samples: "array[int]", hertz: int) -> float:
    turns = [2 * math.pi * hertz * n / RATE for n in range(len(samples))]
    real = sum(value * math.cos(turn) for value, turn in zip(samples, turns, strict=True))
    imaginary = sum(value * math.sin(turn) for value, turn in zip(samples, turns, strict=True))
    return 2 * math.hypot(real, imaginary) / max(1, len(samples))


class Party(Phone):
    """A phone whose owner speaks one tone without a pause."""

    def __init__(self, name: str, pbx: tuple[str, int]) -> None:
        super().__init__(EXTENSIONS[name], pbx)
        self.name = name
        self.frames: list[array[int]] = []
        self._decoders: dict[str, Coder] = {}

    def on_offered(self, call: ServerCall) -> None:
        leg = Leg.open(PortRange("127.0.0.1", *PHONE_PORTS))
        offer = SessionDescription.parse(call.remote_sdp)
        call.answer(to_text(leg.answer(description_of(offer)), version=1, asked=offer))
        leg.sink = self._hear
        self.calls[call] = leg
        self.answered += 1
        player.play(leg, of_samples(tone(HERTZ[self.name])), repeat=True)

    def _hear(self, arrival: Arrival) -> None:
        codec = arrival.payload.name
        if codec in NAMES:
            decode = self._decoders.setdefault(codec, decoder(codec))
            sound = bytes(arrival.buffer[arrival.start : arrival.end])
            self.frames.append(array("h", decode(sound)))

    async def hears(self, *names: str, but: tuple[str, ...] = ()) -> None:  # type: ignore[override]
        """Wait until these are heard in what comes anew, and nobody of `but`."""
        met: dict[str, float] = {}
        for _ in range(40):
            self.frames.clear()
            await asyncio.sleep(0.5)
            met = self.measured()
            if all(met[name] > AUDIBLE for name in names) and all(met[name] < SILENT for name in but):
                return
        raise AssertionError(f"{self.name} hears {met}, not {names} without {but}")

    def measured(self) -> dict[str, float]:
        latest: array[int] = array("h")
        for frame in self.frames[-FRAMES:]:
            latest += frame
        return {name: round(amplitude(latest, hertz)) for name, hertz in HERTZ.items()}


class Talk(RealCentre):
    """One customer and one operator who talk; a boss and a colleague have phones."""

    def __init__(self, pbx: Pbx) -> None:
        super().__init__(pbx, campaign(ring_s=10.0, wrap_up_s=0.2))
        self.trunk = replace(self.trunk, transfer=True)  # type: ignore[type-var]
        self.take_lines()
        self.parties = {name: Party(name, pbx.address) for name in HERTZ}
        self.phone = self.parties["operator"]

    async def begin(self) -> CallId:
        for party in self.parties.values():
            if party is not self.phone:
                await party.start()
        await self.open()
        await self.sit_down()
        self.leads.add(first(self), [EXTENSIONS["customer"]])
        await self.until(lambda: self.facts(CallConnected), 20)
        return self.facts(CallConnected)[0].call

    async def close(self) -> None:
        await super().close()
        for party in self.parties.values():
            await party.stop()


@pytest.fixture
async def talk(pbx: Pbx) -> AsyncIterator[Talk]:
    centre = Talk(pbx)
    try:
        yield centre
    finally:
        await centre.close()
        assert centre.sip._legs == {}


async def test_a_held_customer_hears_music_and_a_muted_operator_is_not_heard(talk: Talk) -> None:
    call = await talk.begin()
    operator, customer = talk.parties["operator"], talk.parties["customer"]
    await customer.hears("operator")
    await operator.hears("customer")

    await talk.engine.hold(call, OPERATOR, held=True)
    await customer.hears(but=("operator",))
    music = len(customer.frames)
    await operator.hears(but=("customer",))
    silence = len(operator.frames)
    await talk.engine.hold(call, OPERATOR, held=False)
    await customer.hears("operator")
    await operator.hears("customer")
    await talk.engine.mute(call, OPERATOR, muted=True)
    await customer.hears(but=("operator",))
    await operator.hears("customer")
    await talk.engine.mute(call, OPERATOR, muted=False)

    await customer.hears("operator")
    assert music >= 10
    assert silence <= 1


async def test_a_customer_handed_on_after_a_word_talks_to_the_colleague(talk: Talk, pbx: Pbx) -> None:
    call = await talk.begin()
    operator, customer, colleague = (talk.parties[name] for name in ("operator", "customer", "colleague"))

    await talk.engine.transfer_to_phone(call, OPERATOR, colleague.extension, warm=True)
    await operator.hears("colleague", but=("customer",))
    await colleague.hears("operator", but=("customer",))
    await customer.hears(but=("operator", "colleague"))
    await talk.engine.end_transfer(call, OPERATOR, complete=True)

    await customer.hears("colleague", but=("operator",))
    await colleague.hears("customer", but=("operator",))
    await talk.until(lambda: talk.state(OPERATOR) in ("ready", "reserved"), 10)
    customer.hang_up()
    await talk.until(lambda: talk.outcomes() and not colleague.calls, 10)
    assert talk.outcomes() == ["connected"]


async def test_asterisk_hands_the_customer_of_an_operators_phone_on_by_refer(talk: Talk, pbx: Pbx) -> None:
    await talk.begin()
    customer, colleague = talk.parties["customer"], talk.parties["colleague"]
    channels = (await pbx.command("core show channels concise")).splitlines()
    (ours,) = (line.split("!")[0] for line in channels if "!1001!" in line and line.startswith("PJSIP/dialer"))

    await pbx.command(f"channel redirect {ours} refer,{colleague.extension},1")

    await customer.hears("colleague", but=("operator",))
    await colleague.hears("customer")
    assert [fact.extension for fact in talk.facts(CallTransferred)] == [colleague.extension]
    await talk.until(lambda: "SUCCESS" in pbx.cli("dialplan show globals"), 10)


async def test_a_whisper_reaches_the_operator_and_never_the_customer(talk: Talk) -> None:
    call = await talk.begin()
    operator, customer, boss = (talk.parties[name] for name in ("operator", "customer", "boss"))

    await talk.engine.monitor(call, BOSS, boss.extension, MonitorMode.LISTEN)
    await boss.hears("operator", "customer")
    await operator.hears("customer", but=("boss",))
    await customer.hears("operator", but=("boss",))
    await talk.engine.monitor(call, BOSS, boss.extension, MonitorMode.WHISPER)
    await operator.hears("customer", "boss")
    customer.frames.clear()
    await asyncio.sleep(1.0)
    whispered = customer.measured()
    await talk.engine.hold(call, OPERATOR, held=True)
    await boss.hears(but=("operator", "customer"))
    await talk.engine.hold(call, OPERATOR, held=False)
    await operator.hears("customer", "boss")
    await customer.hears("operator", but=("boss",))
    await talk.engine.monitor(call, BOSS, boss.extension, MonitorMode.BARGE)
    await customer.hears("operator", "boss")
    customer.hang_up()
    await talk.until(lambda: talk.facts(MonitoringEnded) and not boss.calls, 10)

    assert whispered["operator"] > AUDIBLE
    assert whispered["boss"] < SILENT
    assert [fact.mode for fact in talk.facts(CallMonitored)] == ["listen", "whisper", "whisper", "barge"]
    assert len(talk.facts(MonitoringEnded)) == 1


async def test_keys_reach_the_menu_of_the_called_side(pbx: Pbx) -> None:
    centre = RealCentre(pbx, campaign(ring_s=10.0, wrap_up_s=0.2))
    try:
        await centre.open()
        await centre.sit_down()
        centre.leads.add(first(centre), ["+905325204001"])  # reads four digits
        await centre.until(lambda: centre.facts(CallConnected), 20)

        await centre.engine.press(centre.facts(CallConnected)[0].call, OPERATOR, "27#9")

        await centre.until(centre.outcomes, 30)
        assert (await pbx.record("905325204001")).remark == "digits:27"
    finally:
        await centre.close()
