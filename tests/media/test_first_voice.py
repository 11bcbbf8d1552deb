"""The first voice is the first that comes over the bridge and can be heard."""

from rtp_peer import tone, until

from media.bridge import join
from media.description import PCMA, PCMU
from media.firstvoice import FirstVoice
from media.g711 import SILENCE, encode
from media.player import play
from media.sound import of_samples


async def connected(leg, other, peers):
    customer, operator = peers(), peers()
    for mine, peer in ((leg, customer), (other, operator)):
        mine.answer(peer.describe())
        peer.send((mine.local.host, mine.local.port))
        await until(lambda mine=mine: mine.source)
    return customer, operator


async def test_silence_over_the_bridge_is_no_voice_and_the_first_word_is(leg, other, peers):
    customer, operator = await connected(leg, other, peers)
    voice = FirstVoice(leg)
    join(leg, other)
    to = (other.local.host, other.local.port)

    for _ in range(3):
        operator.send(to, SILENCE["PCMU"])
    await until(lambda: len(customer.got) >= 4)
    assert voice.at is None
    operator.send(to, encode(tone(440, 0.02), "PCMU"))
    await until(lambda: voice.at is not None)

    assert leg.taps == ()


async def test_a_prompt_is_no_voice(leg, other, peers):
    customer, _ = await connected(leg, other, peers)
    voice = FirstVoice(leg)

    play(leg, of_samples(tone(440, 0.1)))
    await until(lambda: len(customer.got) >= 5)

    assert voice.at is None


async def test_silence_of_another_codec_is_no_voice_either(leg, other):
    voice = FirstVoice(leg)
    join(leg, other)

    for codec in (PCMU, PCMA, PCMU):
        voice.sent(codec, 0, SILENCE[codec.name], 0.0)
    assert voice.at is None
    voice.sent(PCMA, 0, encode(tone(440, 0.02), "PCMA"), 1.0)

    assert voice.at == 1.0
