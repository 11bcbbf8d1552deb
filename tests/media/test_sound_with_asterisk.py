"""The sound room against a real Asterisk: the judge of our RTP is not our RTP."""

import asyncio

import pytest
from asterisk import pbx  # noqa: F401
from rtp_peer import power, tone, until
from trunk_side import Service

from media.bridge import join
from media.description import G722, PCMA, PCMU
from media.player import play
from media.session import Encryption
from media.sound import of_samples

pytestmark = pytest.mark.asterisk


@pytest.fixture
async def service(ports):
    service = Service("dialer", "dialer-secret")
    await service.agent.start()
    yield service
    await service.agent.stop()
    for one in service.calls.values():
        one.leg.close()


async def answered(one):
    await asyncio.wait_for(one.answered.wait(), 10)
    return one


@pytest.mark.parametrize("codec", [PCMU, PCMA, G722], ids=lambda codec: codec.name)
async def test_what_we_play_comes_back_from_the_echo(pbx, service, codec):  # noqa: F811
    one = await answered(service.dial("+905325000001", pbx.port, codec))

    play(one.leg, of_samples(tone(440, 3)))
    await until(lambda: one.loud > 60, 5)

    assert power(one.samples(1.0), 440) == pytest.approx(8000, rel=0.1)
    assert {name for name, _ in one.heard} == {codec.name}
    assert one.leg.quality.lost == 0


@pytest.mark.parametrize(("first", "second"), [(PCMU, PCMA), (G722, PCMA)], ids=lambda codec: codec.name)
async def test_a_bridge_of_two_codecs_carries_a_tone_across(pbx, service, first, second):  # noqa: F811
    source = await answered(service.dial("+905325300001", pbx.port, first))
    echo = await answered(service.dial("+905325000002", pbx.port, second))

    join(source.leg, echo.leg)
    relay = echo.leg.sink
    echo.leg.sink = lambda arrival: (echo._hear(arrival), relay(arrival))
    await until(lambda: echo.loud > 60, 5)

    heard = echo.samples(1.0)
    assert power(heard, 1004) > 1000
    assert power(heard, 1004) > 20 * power(heard, 700)
    assert {name for name, _ in echo.heard} == {"PCMA"}


async def test_keys_and_reports_of_asterisk_are_understood(pbx, service):  # noqa: F811
    one = service.dial("+905325100001", pbx.port)
    keys: list[str] = []
    one.leg.on_dtmf = keys.append

    await asyncio.wait_for(one.over.wait(), 15)

    assert "".join(keys) == "0123456789*#"
    assert one.leg.stats.reports_received >= 1
    assert (one.leg.stats.malformed, one.leg.stats.foreign, one.leg.stats.unknown_payload) == (0, 0, 0)


async def test_asterisk_reads_the_keys_that_we_press(pbx, service):  # noqa: F811
    one = await answered(service.dial("+905325212001", pbx.port))
    back: list[str] = []
    one.leg.on_dtmf = back.append

    play(one.leg, of_samples(tone(440, 30)))
    one.leg.press("0123456789*1")
    await asyncio.wait_for(one.over.wait(), 30)

    assert (await pbx.record("905325212001")).remark == "digits:0123456789*1"
    assert "".join(back) == "0123456789*1"


@pytest.fixture
async def encrypting(ports, request):
    """A service whose account and encryption the test names."""
    account, encryption = request.param
    service = Service(account, f"{account}-secret", encryption)
    await service.agent.start()
    yield service
    await service.agent.stop()
    for one in service.calls.values():
        one.leg.close()


EVERY_WAY = pytest.mark.parametrize(
    "encrypting",
    [
        pytest.param(("dialer-srtp", Encryption.REQUIRED), id="RTP/SAVP"),
        pytest.param(("dialer-either", Encryption.OPTIONAL), id="keys in RTP/AVP"),
    ],
    indirect=True,
)


async def hears_its_echo(one) -> None:
    play(one.leg, of_samples(tone(440, 30)))
    await until(lambda: one.loud > 60, 10)

    assert power(one.samples(1.0), 440) == pytest.approx(8000, rel=0.1)
    assert len(one.leg.remote.cryptos) == len(one.leg.local.cryptos[:1]) == 1
    assert (one.leg.stats.forged, one.leg.stats.replayed, one.leg.stats.malformed) == (0, 0, 0)


@EVERY_WAY
async def test_encrypted_sound_is_heard_both_ways(pbx, encrypting):  # noqa: F811
    """The echo is heard, so Asterisk opened what we sealed."""
    one = await answered(encrypting.dial("+905325000001", pbx.port))

    await hears_its_echo(one)


@EVERY_WAY
async def test_an_encrypted_call_that_comes_in_is_heard_both_ways(pbx, encrypting):  # noqa: F811
    assert (await encrypting.register(pbx.port)).up
    await pbx.command(f"dialplan set global TRUNK {encrypting.user}")

    try:
        await pbx.call_in("902125550000", "905321000001", "echo")
        one = await asyncio.wait_for(encrypting.incoming.get(), 10)
    finally:
        await pbx.command("dialplan set global TRUNK dialer")

    await hears_its_echo(one)
    one.call.hang_up()


@pytest.mark.parametrize("encrypting", [("dialer", Encryption.OPTIONAL)], indirect=True)
async def test_optional_encryption_is_plain_with_an_exchange_that_has_none(pbx, encrypting):  # noqa: F811
    one = await answered(encrypting.dial("+905325000001", pbx.port))

    play(one.leg, of_samples(tone(440, 30)))
    await until(lambda: one.loud > 60, 10)

    assert one.leg.remote.cryptos == ()


@pytest.mark.parametrize("encrypting", [("dialer", Encryption.REQUIRED)], indirect=True)
async def test_required_encryption_is_refused_by_an_exchange_that_has_none(pbx, encrypting):  # noqa: F811
    one = encrypting.dial("+905325000001", pbx.port)

    await asyncio.wait_for(one.over.wait(), 10)

    assert one.status == 488
