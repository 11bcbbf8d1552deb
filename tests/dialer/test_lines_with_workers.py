"""The engine with its sound in processes beside it, against Asterisk: calls are answered, judged, joined and recorded,
and live on when a process dies."""

import os
import signal
from collections.abc import AsyncIterator

import pytest
from asterisk import Pbx
from small_centre import campaign
from test_real_lines import JUDGED, OPERATOR, RealCentre, first

from dialer.facts import CallConnected, CallEnded
from dialer.shapes import Campaign
from media.g711 import loudness
from media.remote import RemoteSound

pytestmark = [pytest.mark.asterisk, pytest.mark.timeout(90)]
RECORDED = campaign(ring_s=5.0, wrap_up_s=0.2, record=True)


@pytest.fixture
async def centre(pbx: Pbx, request: pytest.FixtureRequest) -> AsyncIterator[RealCentre]:
    campaign: Campaign = request.param
    centre = RealCentre(pbx, campaign)
    centre.take_lines(workers=2)
    try:
        await centre.open()
        yield centre
    finally:
        await centre.close()
        assert centre.sip._legs == {}


async def hang_up(centre: RealCentre) -> None:
    view = centre.engine.operator(OPERATOR)
    assert view is not None
    assert view.call is not None
    await centre.engine.hang_up(view.call, OPERATOR)
    await centre.until(centre.outcomes, 5)


@pytest.mark.parametrize("centre", [RECORDED], indirect=True)
async def test_a_call_is_joined_recorded_and_measured(centre: RealCentre, pbx: Pbx) -> None:
    centre.leads.add(first(centre), ["+905325000011"])  # echo: the customer says what the operator said
    await centre.sit_down()
    await centre.until(lambda: bool(centre.facts(CallConnected)), 10)
    await centre.until(lambda: centre.phone.loud > 40, 20)
    (kept,) = centre.recordings.made
    await centre.until(lambda: len(kept.pieces) >= 3, 20)

    await hang_up(centre)
    await centre.until(lambda: kept.finished, 5)

    sound = b"".join(kept.pieces)
    for side in (sound[0::2], sound[1::2]):
        assert loudness(side[8000:24000], kept.law) > 300
    (ended,) = centre.facts(CallEnded)
    assert len(sound) / 16000 == pytest.approx(ended.talk_s, abs=0.5)
    assert ended.sound is not None
    assert ended.sound.loss < 0.05
    assert ended.sound.mos > 2.0
    assert ended.sound.first_voice_ms is not None
    assert ended.sound.first_voice_ms >= centre.facts(CallConnected)[0].connect_ms - 20
    assert (await pbx.record("905325000011")).outcome == "ANSWERED"


@pytest.mark.parametrize("centre", [RECORDED], indirect=True)
async def test_a_call_lives_on_when_its_process_dies(centre: RealCentre) -> None:
    centre.leads.add(first(centre), ["+905325000012"])
    await centre.sit_down()
    await centre.until(lambda: bool(centre.facts(CallConnected)), 10)
    await centre.until(lambda: centre.phone.loud > 40, 20)
    (kept,) = centre.recordings.made
    pids = {sound.home.pid for leg in centre.sip._legs.values() if isinstance(sound := leg.sound, RemoteSound)}  # type: ignore[union-attr]
    (pid,) = pids
    assert pid is not None

    os.kill(pid, signal.SIGKILL)
    loud, pieces = centre.phone.loud, len(kept.pieces)
    await centre.until(lambda: centre.phone.loud > loud + 40 and len(kept.pieces) > pieces + 3, 20)
    await hang_up(centre)
    await centre.until(lambda: kept.finished, 5)

    sound = b"".join(kept.pieces)
    (ended,) = centre.facts(CallEnded)
    assert centre.outcomes() == ["connected"]
    assert len(sound) / 16000 == pytest.approx(ended.talk_s, abs=0.5)
    for side in (sound[0::2], sound[1::2]):
        assert loudness(side[-24000:-8000], kept.law) > 300


@pytest.mark.parametrize("centre", [JUDGED], indirect=True)
@pytest.mark.parametrize(("number", "outcome"), [("+905321001011", "connected"), ("+905321200011", "machine")])
async def test_who_answers_is_told_by_sound(centre: RealCentre, number: str, outcome: str) -> None:
    centre.leads.add(first(centre), [number])
    await centre.sit_down()

    await centre.until(lambda: bool(centre.facts(CallConnected)) or bool(centre.outcomes()), 40)
    if centre.facts(CallConnected):
        await hang_up(centre)
    await centre.until(centre.outcomes, 10)

    assert centre.outcomes() == [outcome]
