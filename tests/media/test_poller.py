"""All sockets of sound behind one file descriptor: each is read in its turn, and who is gone is not."""

import asyncio
import os
import resource
import socket

import pytest
from rtp_peer import until

from media.errors import NoSocketsLeft
from media.poller import Poller
from media.session import Leg


def pollers_open() -> int:
    links = (f"/proc/self/fd/{number}" for number in os.listdir("/proc/self/fd"))
    return sum(os.path.exists(link) and "eventpoll" in os.readlink(link) for link in links)


def pair() -> tuple[socket.socket, socket.socket]:
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    one.setblocking(False)
    return one, other


async def test_whoever_is_removed_by_an_earlier_reader_is_not_called_in_the_same_round():
    poller, called = Poller.of_running_loop(), []
    pairs = [pair() for _ in range(3)]

    def reader(own: socket.socket, _now: float) -> None:
        called.append(own.recv(10))
        for one, _ in pairs:
            poller.remove(one)

    for one, other in pairs:
        poller.add(one, lambda now, one=one: reader(one, now))
        other.send(b"sound")
    await until(lambda: called)
    await asyncio.sleep(0.01)

    assert called == [b"sound"]
    for both in pairs:
        for sock in both:
            sock.close()


async def test_a_reader_that_fails_at_each_packet_of_a_flood_holds_up_nobody_else():
    poller, called = Poller.of_running_loop(), []
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)
    (bad, flood), (good, other) = pairs = pair(), pair()

    def fails(_now: float) -> None:
        bad.recv(10)
        flood.send(b"more")
        raise ValueError("no sound")

    def hears(_now: float) -> None:
        called.append(good.recv(10))

    poller.add(bad, fails)
    poller.add(good, hears)
    flood.send(b"sound")
    other.send(b"sound")
    await until(lambda: called)

    assert called == [b"sound"]
    for one, far in pairs:
        poller.remove(one)
        one.close()
        far.close()


async def test_it_ends_with_its_last_socket_and_begins_anew_with_the_next_leg(ports, peers):
    before = pollers_open()

    for _ in range(3):
        leg, peer = Leg.open(ports), peers()
        leg.answer(peer.describe())
        peer.send((leg.local.host, leg.local.port))
        await until(lambda leg=leg: leg.stats.received == 1)
        assert pollers_open() == before + 1
        leg.close()

    assert pollers_open() == before


async def test_a_leg_that_is_closed_by_anothers_packet_hears_nothing_more(ports, leg, other, peers):
    failures = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: failures.append(context))
    for mine, peer in ((leg, peers()), (other, peers())):
        mine.answer(peer.describe())
        mine.on_first_packet = lambda _: (leg.close(), other.close())
        peer.send((mine.local.host, mine.local.port))

    await until(lambda: leg.closed and other.closed)
    await asyncio.sleep(0.01)

    assert leg.stats.received + other.stats.received == 1
    assert failures == []


async def test_a_process_without_room_for_it_says_what_to_do():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = os.dup(0)
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, hard))
    try:
        with pytest.raises(NoSocketsLeft, match="ulimit"):
            Poller.of_running_loop()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
