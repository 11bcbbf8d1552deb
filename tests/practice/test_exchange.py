import asyncio

import pytest
from trunk_side import Service, speak

from practice.exchange import NobodyThere
from practice.log import read


async def soon(event: asyncio.Event, seconds: float = 5.0) -> None:
    await asyncio.wait_for(event.wait(), seconds)


# ---------------------------------------------------------------- who may come in


async def test_the_registrar_takes_the_right_secret_and_refuses_a_wrong_one(exchange, service, port, log_path):
    liar = Service(secret="wrong")
    await liar.agent.start()

    right, wrong = await service.register(port), await liar.register(port)
    await liar.agent.stop()

    assert (right.up, right.status) == (True, 200)
    assert (wrong.up, wrong.status) == (False, 403)
    assert [line["status"] for line in read(log_path) if line["event"] == "register"][:2] == [200, 403]


async def test_a_call_with_a_wrong_secret_is_refused_and_leaves_no_line(exchange, port, log_path):
    liar = Service(secret="wrong")
    await liar.agent.start()

    one = liar.dial("+905321000001", port)
    await soon(one.over)
    await liar.agent.stop()

    assert one.status == 403
    assert read(log_path) == []


# ---------------------------------------------------------------- the outside world


@pytest.mark.parametrize(
    ("tail", "status", "events"),
    [
        ("2000001", 486, ["invite", "refused"]),
        ("2001001", 486, ["invite", "ringing", "refused"]),
        ("2200001", 503, ["invite", "refused"]),
        ("2300001", 404, ["invite", "refused"]),
        ("2400001", 603, ["invite", "refused"]),
        ("2500001", 480, ["invite", "refused"]),
        ("7700001", 404, ["invite", "refused"]),
    ],
)
async def test_refusals_are_answered_and_logged_with_their_status(exchange, service, port, story, tail, status, events):
    one = service.dial(f"+90532{tail}", port)
    await soon(one.over)

    told = await story(one.call.call_id, "refused")

    assert one.status == status
    assert [event for event, _, _ in told] == events
    assert told[-1] == ("refused", status, "exchange")


async def test_a_human_answers_speaks_and_leaves_when_nobody_does(exchange, service, port, story):
    one = service.dial("+905321000001", port)
    await soon(one.over)

    assert await story(one.call.call_id, "ended") == [
        ("invite", None, None),
        ("answered", 200, None),
        ("ended", None, "exchange"),
    ]
    assert one.by_us is False
    assert one.loud > 20


async def test_a_human_who_hears_somebody_talks_until_he_has_had_enough(exchange, service, port, log_path, story):
    one = service.dial("+905321001001", port)
    await soon(one.answered)
    speak(one.leg)
    await soon(one.over)

    told = await story(one.call.call_id, "ended")

    assert [event for event, _, _ in told] == ["invite", "ringing", "answered", "ended"]
    times = {line["event"]: line["t"] for line in read(log_path)}
    assert 0.9 < times["answered"] - times["invite"] < 1.5
    assert 2.5 < times["ended"] - times["answered"] < 4.5  # hello, then at least a second of talk


async def test_hanging_up_on_a_human_is_logged_as_the_services(exchange, service, port, story):
    one = service.dial("+905321000001", port)
    await soon(one.answered)
    await asyncio.sleep(0.1)

    one.call.hang_up()
    await soon(one.over)

    assert (await story(one.call.call_id, "ended"))[-1] == ("ended", None, "service")
    assert len(exchange) == 0


async def test_a_leaver_goes_after_his_time_whatever_he_hears(exchange, service, port, story):
    one = service.dial("+905321101001", port)
    await soon(one.answered)
    speak(one.leg)
    await soon(one.over)

    assert (await story(one.call.call_id, "ended"))[-1] == ("ended", None, "exchange")


async def test_a_machine_greets_beeps_and_hangs_up(exchange, service, port):
    one = service.dial("+905321301001", port)
    await soon(one.over)

    assert (one.status, one.by_us) == (200, False)
    assert 20 <= one.loud <= 30  # half a second of beep
    assert one.packets > 60


async def test_a_silent_one_sends_silence_and_a_mute_one_nothing(exchange, service, port):
    silent, mute = service.dial("+905321400001", port), service.dial("+905321501001", port)
    await soon(mute.over)

    assert silent.loud == 0
    assert silent.packets > 20
    assert mute.packets <= 2  # what opens the way


async def test_ringing_without_answer_ends_with_our_cancel(exchange, service, port, story):
    one = service.dial("+905322100001", port)
    await soon(one.ringing)

    one.call.cancel()
    await soon(one.over)

    assert one.status == 487
    assert await story(one.call.call_id, "cancelled") == [
        ("invite", None, None),
        ("ringing", 180, None),
        ("cancelled", None, "service"),
    ]


async def test_no_sign_of_life_is_100_and_nothing_more(exchange, service, port):
    one = service.dial("+905322900001", port)

    await asyncio.sleep(0.5)

    assert one.call.status == 100
    assert not one.ringing.is_set()


# ---------------------------------------------------------------- phones


async def test_a_phone_answers_by_itself_and_speaks_only_when_spoken_to(exchange, service, port, story):
    one = service.dial("1001", port)
    await soon(one.answered)
    await asyncio.sleep(0.5)
    before = one.loud
    speak(one.leg)
    await asyncio.sleep(0.8)

    assert before == 0
    assert one.loud > 15
    one.call.hang_up()
    assert (await story(one.call.call_id, "ended"))[-1] == ("ended", None, "service")


async def test_an_extension_that_is_no_phone_is_unknown(exchange, service, port):
    one = service.dial("1009", port)
    await soon(one.over)

    assert one.status == 404


# ---------------------------------------------------------------- calls into the service


async def test_a_caller_rings_the_service_at_its_number_and_talks(exchange, service, port, story):
    await service.register(port)

    call_id = exchange.call_in("+905321000077")
    one = await asyncio.wait_for(service.incoming.get(), 5)
    speak(one.leg)
    await soon(one.over)

    assert (one.call.called, one.call.number) == ("+902120000000", "+905321000077")
    assert one.loud > 10
    assert await story(call_id, "ended") == [
        ("invite", None, None),
        ("answered", 200, None),
        ("ended", None, "exchange"),
    ]


async def test_without_a_registered_service_nobody_can_be_called(exchange):
    with pytest.raises(NobodyThere, match="The service has not registered here"):
        exchange.call_in("+905321000077")


# ---------------------------------------------------------------- the end


async def test_stopping_hangs_up_everything(exchange, service, port, story):
    up, ringing = service.dial("1001", port), service.dial("+905322100001", port)
    await soon(up.answered)
    await soon(ringing.ringing)

    await exchange.stop()
    await soon(up.over)
    await soon(ringing.over)

    assert up.by_us is False
    assert ringing.status == 480
    assert (await story(up.call.call_id, "ended"))[-1] == ("ended", None, "exchange")
    assert len(exchange) == 0
