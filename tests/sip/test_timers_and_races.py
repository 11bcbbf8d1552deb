"""Retransmissions, time-outs and races in virtual time, whole agents on both sides."""

import asyncio
import gc

import pytest
from imagined_net import B, Net, play, talking
from listening import ANSWER, OFFER, Ear, dial

from sip.agent import UserAgent
from sip.client_call import ClientCall
from sip.message import Request
from sip.timers import TimerQueue


def test_a_silent_peer_is_given_up_after_timer_b() -> None:
    """F14: INVITE at T1, doubled; 32 s later the call has failed and nothing is left."""

    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        net.lose = lambda sender, message: True
        call = dial(first, (B, 5060))
        await one.until("failed", within=60)
        assert one.heard == [("failed", call, 408, "timeout")]
        assert asyncio.get_running_loop().time() == pytest.approx(32, abs=0.01)
        assert (len(first.transactions), len(first.timers), len(first.core.placed)) == (0, 0, 0)

    assert play(scene).times("INVITE") == [0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5]


def test_cancel_of_a_silent_peer_is_never_sent_and_told_as_timeout() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        net.lose = lambda sender, message: True
        call = dial(first, (B, 5060))
        call.cancel()
        await one.until("failed", within=60)
        assert one.heard == [("failed", call, 408, "timeout")]

    assert play(scene).times("CANCEL") == []


def test_a_silent_options_is_given_up_after_timer_f() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        net.lose = lambda sender, message: True
        assert await first.options((B, 5060)) == 408

    assert play(scene).times("OPTIONS") == [0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]


def test_a_peer_that_goes_silent_after_cancel_is_forgotten_after_64_t1() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        call = dial(first, (B, 5060))
        await one.until(100)
        net.lose = lambda sender, message: True
        call.cancel()
        await one.until("failed", within=60)
        assert one.heard[-1] == ("failed", call, 487, "cancelled")
        assert first.transactions.unanswered() is False

    assert len(play(scene).times("CANCEL")) == 11


def test_a_2xx_is_repeated_until_64_t1_then_the_call_is_hung_up() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        net.lose = lambda sender, message: isinstance(message, Request) and message.method == "ACK"
        other.on_offer = lambda call: call.answer(ANSWER)
        dial(first, (B, 5060))
        await other.until("ended", within=60)
        await one.until("ended")
        assert other.heard[-1][2:] == (True, "no ack")
        assert one.words() == ["answered", "ended"]

    net = play(scene)
    gaps = [round(later - earlier, 2) for earlier, later in zip(net.times(200), net.times(200)[1:], strict=False)]
    assert gaps[:6] == [0.5, 1, 2, 4, 4, 4]
    assert len(net.times("BYE")) == 1


def test_a_refusal_is_repeated_until_its_ack_at_most_to_timer_h() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        net.lose = lambda sender, message: isinstance(message, Request) and message.method == "ACK"
        other.on_offer = lambda call: call.refuse(486)
        dial(first, (B, 5060))
        await asyncio.sleep(70)
        assert one.words() == ["failed"]
        assert (len(second.transactions), len(second.core), len(second.timers)) == (0, 0, 0)

    assert len(play(scene).times(486)) == 11


def test_everything_is_forgotten_after_a_whole_call() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        other.on_offer = lambda call: (call.ring(), call.answer(ANSWER))
        call = dial(first, (B, 5060))
        await other.until("confirmed")
        call.hang_up()
        await other.until("ended")
        assert len(first.core) + len(second.core) == 0
        await asyncio.sleep(33)
        for agent in (first, second):
            assert (len(agent.transactions), len(agent.timers), agent.counts.errors) == (0, 0, 0)

    assert play(scene).flow() == ["INVITE", 180, 200, "ACK", "BYE", 200]


@pytest.mark.parametrize("lost", ["INVITE", 100, 180, 200, "ACK", "BYE"])
def test_one_lost_packet_of_a_kind_changes_nothing(lost: str | int) -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        net.lose = lambda sender, message: net.times(str(lost)) == [net.log[-1][0]] and net.flow()[-1] == lost
        loop = asyncio.get_running_loop()
        other.on_offer = lambda call: (loop.call_later(1, call.ring), loop.call_later(3, call.answer, ANSWER))
        call = dial(first, (B, 5060))
        await other.until("confirmed", within=40)
        call.hang_up()
        await other.until("ended", within=40)
        assert one.words()[-2:] == ["answered", "ended"]
        assert other.words() == ["offered", "confirmed", "ended"]

    play(scene)


def test_every_packet_twice_changes_nothing() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        once = net.carry
        net.carry = lambda data, sender, to: (once(data, sender, to), once(data, sender, to))
        other.on_offer = lambda call: (call.ring(), call.answer(ANSWER))
        call = dial(first, (B, 5060))
        await other.until("confirmed")
        call.hang_up()
        await other.until("ended")
        await asyncio.sleep(40)
        assert one.words() == [180, "answered", "ended"]
        assert other.words() == ["offered", "confirmed", "ended"]
        assert [len(agent.transactions) for agent in (first, second)] == [0, 0]
        assert first.counts.errors + second.counts.errors == 0

    play(scene)


def test_byes_that_cross_end_the_call_once_on_each_side() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        other.on_offer = lambda call: call.answer(ANSWER)
        call = dial(first, (B, 5060))
        _, theirs = await other.until("confirmed")
        call.hang_up()
        theirs.hang_up()
        await asyncio.sleep(40)
        assert one.words() == ["answered", "ended"]
        assert other.words() == ["offered", "confirmed", "ended"]

    assert sorted(map(str, play(scene).flow())) == ["200", "481", "481", "ACK", "BYE", "BYE", "INVITE"]


def test_cancel_that_crosses_the_answer_ends_the_call_on_both_sides() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        loop = asyncio.get_running_loop()
        other.on_offer = lambda call: (call.ring(), loop.call_later(1, call.answer, ANSWER))
        call = dial(first, (B, 5060))
        await one.until(180)
        await asyncio.sleep(0.9999)
        call.cancel()
        await asyncio.sleep(40)
        assert one.words() == [180, "failed"]
        assert other.words() == ["offered", "confirmed", "ended"]

    flow = play(scene).flow()
    assert flow[:2] == ["INVITE", 180]
    assert "CANCEL" in flow
    assert flow.count("BYE") == 1


def test_a_call_that_nobody_takes_is_answered_100_once() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        call = dial(first, (B, 5060))
        await asyncio.sleep(20)
        call.cancel()
        await one.until("failed")

    assert play(scene).flow() == ["INVITE", 100, "CANCEL", 200, 487, "ACK"]


@pytest.mark.parametrize("caller_hangs_up", [True, False])
@pytest.mark.parametrize("how", ["hang up", "lost"])
def test_hanging_up_ends_the_repeating_of_a_200_for_their_reinvite(caller_hangs_up: bool, how: str) -> None:
    """Only the answer that began the call holds our BYE back until its ACK (§15)."""

    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        pair = await talking(first, second, other)
        hanging, asking = pair if caller_hangs_up else reversed(pair)
        net.lose = lambda sender, message: isinstance(message, Request) and message.method == "ACK"
        asking.renegotiate(OFFER)
        await asyncio.sleep(1.1)
        hanging.hang_up() if how == "hang up" else hanging.lost("session ran out")
        await asyncio.sleep(40)
        assert (one.of("ended")[0][1:3], other.of("ended")[0][1:3]) == (
            (pair[0], caller_hangs_up),
            (pair[1], not caller_hangs_up),
        )
        assert (len(first.timers), len(second.timers)) == (0, 0)

    reinvite = ["INVITE", 200, "ACK", 200, "ACK"]
    assert play(scene).flow() == ["INVITE", 200, "ACK", *reinvite, "BYE", 200]


def test_our_bye_waits_for_the_ack_of_the_answer() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        net.lose = lambda sender, message: net.flow() == ["INVITE", 200, "ACK"]
        other.on_offer = lambda call: call.answer(ANSWER)
        dial(first, (B, 5060))
        await one.until("answered")
        other.of("offered")[0][1].hang_up()
        await one.until("ended")

    assert play(scene).flow() == ["INVITE", 200, "ACK", 200, "ACK", "BYE", 200]


# ---------------------------------------------------------------- the queue itself


class Seen:
    def __init__(self) -> None:
        self.fired: list[tuple[int, float]] = []

    def on_timer(self, event: int, now: float) -> None:
        self.fired.append((event, now))


def test_timers_fire_in_order_of_time_then_of_setting() -> None:
    queue, seen = TimerQueue(), Seen()
    for event, when in ((1, 5.0), (2, 3.0), (3, 5.0), (4, 9.0)):
        queue.set(when, seen, event)
    queue.run(6.0)

    assert seen.fired == [(2, 6.0), (1, 6.0), (3, 6.0)]
    assert queue.next_at() == 9.0


def test_a_cancelled_timer_never_fires_and_leaves_the_queue() -> None:
    queue, seen = TimerQueue(), Seen()
    timers = [queue.set(float(number), seen, number) for number in range(5000)]
    for timer in timers[:-1]:
        queue.cancel(timer)
        queue.cancel(timer)
    queue.cancel(None)

    assert len(queue) == 1
    assert len(queue._heap) < 2500
    queue.run(1e9)
    assert seen.fired == [(4999, 1e9)]


def test_the_shell_hears_only_of_an_earlier_first_timer() -> None:
    heard: list[float] = []
    queue, seen = TimerQueue(heard.append), Seen()
    for when in (5.0, 7.0, 2.0, 3.0):
        queue.set(when, seen, 0)

    assert heard == [5.0, 2.0]


def test_timers_of_one_duration_and_all_others_fire_in_one_order() -> None:
    queue, seen = TimerQueue(), Seen()
    queue.after(5.0, 0.0, seen, 1)
    queue.set(5.0, seen, 2)
    queue.after(2.0, 3.0, seen, 3)
    cancelled = queue.after(2.0, 3.5, seen, 4)
    queue.after(2.0, 4.0, seen, 5)
    queue.cancel(cancelled)
    assert (queue.next_at(), len(queue)) == (5.0, 4)

    queue.run(5.5)
    queue.run(9.0)

    assert seen.fired == [(1, 5.5), (2, 5.5), (3, 5.5), (5, 9.0)]
    assert (queue.next_at(), len(queue)) == (None, 0)


def test_an_answered_call_leaves_nothing_of_itself_in_its_transactions() -> None:
    """They stay for 32 s, when whoever asked for the call may long have forgotten it."""

    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        call, _ = await talking(first, second, other)
        call_id = call.call_id
        call.hang_up()
        await one.until("ended")
        await asyncio.sleep(1)
        one.heard.clear()
        del call
        gc.collect()

        assert len(first.transactions) == 2
        assert not [one for one in gc.get_objects() if isinstance(one, ClientCall) and one.call_id == call_id]

    play(scene)
