"""What people and machines do once a call is up. A script ends when its owner hangs up."""

import asyncio
import random

from practice.people import Customer, Kind
from practice.voices import Voice

_BEFORE_HELLO_S = 0.4
_HELLO_AGAIN_S = 3.0
_PHRASES = ("phrase_1", "phrase_2", "phrase_3")


async def customer(voice: Voice, who: Customer) -> None:
    """The script of a customer who answered; returns when he hangs up."""
    if who.stay_s is None:
        await _converse(voice, who)
        return
    try:
        async with asyncio.timeout(who.stay_s + (5.0 if who.kind is Kind.MACHINE else 0.0)):
            await _stay(voice, who)
    except TimeoutError:
        return


async def _stay(voice: Voice, who: Customer) -> None:
    if who.kind is Kind.MACHINE:
        await _announce(voice, who)
        await asyncio.sleep(who.stay_s or 0.0)
        return
    if who.kind is Kind.LEAVER:
        await _converse(voice, who)
        await asyncio.sleep(3600)
    elif who.kind is Kind.FAX:
        await voice.say("fax", times=3)
    elif who.kind is Kind.SILENT:
        voice.fall_silent()
    await asyncio.sleep(3600)


async def _announce(voice: Voice, who: Customer) -> None:
    if who.greets:
        await asyncio.sleep(0.5)
        await voice.say("machine")
    await voice.say("machine_beep")


async def _converse(voice: Voice, who: Customer) -> None:
    """Say hello until somebody speaks, then talk; give up when nobody does."""
    voice.fall_silent()
    await asyncio.sleep(_BEFORE_HELLO_S)
    await voice.say(f"hello_{who.language}")
    try:
        async with asyncio.timeout(who.patience_s):
            await _greet_again(voice, who)
    except TimeoutError:
        return
    try:
        async with asyncio.timeout(who.talk_s):
            await _talk(voice, who)
    except TimeoutError:
        return


async def _greet_again(voice: Voice, who: Customer) -> None:
    while voice.first_heard_at is None:
        if not await voice.heard(_HELLO_AGAIN_S):
            await voice.say(f"hello_{who.language}")


async def _talk(voice: Voice, who: Customer) -> None:
    dice = random.Random(who.seed)
    while True:
        await asyncio.sleep(who.pause.draw(dice))
        await voice.say(dice.choice(_PHRASES))


async def operator(voice: Voice) -> None:
    """An operator's phone: silent until it hears somebody, then a sentence for each that it hears; never hangs up."""
    voice.fall_silent()
    while True:
        await voice.heard()
        await voice.say("operator")
        await asyncio.sleep(1.0)
