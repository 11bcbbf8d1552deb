"""What is special to sound in processes of its own: that they end, hang, or are left alone."""

import asyncio
import os
import resource
import signal
import sys
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from rtp_peer import open_sockets, settle, until
from sealed_talker import SealedTalker
from talker import SILENT, Talker
from test_recorder import Kept

from media import channel, workers
from media.description import DTMF
from media.detector import Heard
from media.interface import Figures, Sound
from media.monitor import Mode
from media.ports import PortRange
from media.remote import RemoteSound
from media.sdes import Encryption
from media.tones import CADENCES
from media.workers import Worker, Workers

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared() -> AsyncIterator[Workers]:
    media = Workers(PortRange("127.0.0.1", 24600, 24799), 2)
    await media.start()
    yield media
    await media.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def media(shared: Workers) -> AsyncIterator[Workers]:
    """At the end of each test every leg is gone."""
    await until(lambda: all(worker.ready for worker in shared._workers), 60)
    yield shared
    await until(lambda: not any(worker.legs for worker in shared._workers), 10)


@pytest_asyncio.fixture(loop_scope="module")
async def far(media: Workers) -> AsyncIterator[list[tuple[RemoteSound, Talker]]]:
    """Three legs whose far ends speak."""
    made = [(media.open(), Talker(500 + 400 * n, ssrc=n + 1)) for n in range(3)]
    for sound, talker in made:
        sound.answer(talker.describe(talker.payload, DTMF))
        talker.speak(sound)
    await until(lambda: all(sound.figures.stats.received for sound, _ in made), 20)
    yield made
    for sound, talker in made:
        sound.close()
        talker.close()


def home(sound: Sound) -> Worker:
    assert isinstance(sound, RemoteSound)
    assert sound.home is not None
    return sound.home


def kill(sound: Sound, number: signal.Signals = signal.SIGKILL) -> int:
    """What it was."""
    pid = home(sound).pid
    assert pid is not None
    os.kill(pid, number)
    return pid


async def closed(sound: Sound) -> Figures:
    told: asyncio.Future[Figures] = asyncio.get_running_loop().create_future()
    sound.close(told.set_result)
    return await asyncio.wait_for(told, 5)


# ---------------------------------------------------------------- legs that move


async def test_legs_that_are_joined_come_together_with_all_that_they_counted(far) -> None:
    (ann, one), (bob, two), _ = far
    assert home(ann) is not home(bob)
    received = bob.figures.stats.received

    ann.join(bob)
    await until(lambda: one.hears(two) and two.hears(one), 10)

    assert home(ann) is home(bob)
    figures = await closed(bob)
    assert figures.stats.received >= received
    assert figures.stats.received >= two.sent - 2
    assert figures.quality.lost == 0, "packets that came meanwhile were read after the move"


async def test_a_recording_goes_on_while_its_leg_moves(far) -> None:
    (ann, _), (bob, _), _ = far
    kept = Kept()
    bob.record(kept)
    await until(lambda: len(kept.pieces) == 1, 10)

    ann.join(bob)
    await until(lambda: len(kept.pieces) == 4, 10)
    bob.stop_recording()
    await until(lambda: kept.rest is not None, 5)

    said = b"".join(kept.pieces)[1::2][8000:]
    # its own side was said all the time: no frame of it is silence
    assert not any(set(said[at : at + 160]) == {0xFF} for at in range(0, len(said) - 160, 160))


async def test_orders_that_meet_a_leg_on_its_way_are_done_when_it_is_there(far) -> None:
    (ann, one), (bob, two), (eve, three) = far
    kept = Kept()

    ann.join(bob)
    assert bob.home is None, "on its way"
    bob.record(kept)
    bob.press("5")
    bob.mute(muted=True)
    await until(lambda: one.hears(two) is False and two.hears(one), 10)
    assert any(p.payload_type == DTMF.number for p in two.got)
    await until(lambda: kept.pieces, 10)

    eve.join(ann)
    bob.part()
    await until(lambda: one.hears(three) and three.hears(one), 10)
    assert (await closed(bob)).stats.sent > 0
    assert kept.rest is not None


async def test_a_leg_that_is_closed_on_its_way_says_its_figures(far) -> None:
    (ann, _), (bob, _), _ = far

    ann.join(bob)
    figures = await closed(bob)

    assert figures.stats.received > 0
    assert ann.joined is None
    await until(lambda: bob.number not in home(ann).legs, 5)


# ---------------------------------------------------------------- processes that end


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "hung"])
async def test_calls_live_on_when_their_process_does_not(far, media: Workers, monkeypatch, number) -> None:
    monkeypatch.setattr(workers, "_SILENT_BEATS", 2)
    (ann, one), (bob, two), _ = far
    kept = Kept()
    ann.join(bob)
    ann.record(kept)
    await until(lambda: one.hears(two) and two.hears(one) and kept.pieces, 10)
    ports = ann.local.port, bob.local.port
    before = home(ann).pid
    received = ann.figures.stats.received

    kill(ann, number)
    await until(lambda: home(ann).pid != before, 10)
    for talker in (one, two):
        talker.got.clear()
    await until(lambda: one.hears(two) and two.hears(one), 10)

    assert (ann.local.port, bob.local.port) == ports
    assert (ann.joined, home(ann)) == (bob, home(bob))
    at = len(kept.pieces)
    await until(lambda: len(kept.pieces) >= at + 2, 10)
    assert {len(piece) for piece in kept.pieces} == {16_000}
    figures = await closed(ann)
    assert figures.stats.received > received
    assert kept.rest is not None
    assert abs(len(kept.pieces) * 50 - one.sent) < 150, "times stay true"


async def test_another_process_stands_by_at_once(far, media: Workers) -> None:
    (ann, one), (bob, two), _ = far
    ann.join(bob)
    await until(lambda: one.hears(two), 10)

    for _ in range(2):
        await until(lambda: all(worker.ready for worker in media._workers), 30)
        pids = {worker.pid for worker in media._workers}
        killed = kill(ann)
        await until(lambda killed=killed: home(ann).pid != killed, 10)
        one.got.clear()
        await until(lambda: one.hears(two), 10)
        assert home(ann).pid in pids, "one that was there already"


async def test_what_a_leg_was_doing_it_does_again(far, media: Workers) -> None:
    (ann, one), (bob, two), _ = far
    heard: asyncio.Future[object] = asyncio.get_running_loop().create_future()
    told: list[object] = []
    ann.play(CADENCES["busy"]["tr"], repeat=True, on_end=lambda _: told.append("played"))
    await until(lambda: one.heard(450) > 3000, 10)

    kill(ann)
    await until(lambda: ann.home is not None and home(ann).ready, 10)
    one.got.clear()
    await until(lambda: one.heard(450) > 3000, 10)

    two.hush()
    fax = Talker(2100, ssrc=9)
    bob.answer(fax.describe(fax.payload))
    fax.speak(bob)
    bob.judge({"total_s": 30.0, "initial_silence_s": 30.0}, heard.set_result, lambda: None)
    before = kill(bob)
    await until(lambda: home(bob).pid != before, 10)
    verdict = await asyncio.wait_for(heard, 10)
    fax.close()

    assert verdict.heard is Heard.FAX
    assert told == []


async def test_a_supervisor_still_listens_afterwards(far) -> None:
    (operator, desk), (customer, out), (supervisor, boss) = far
    ended: list[int] = []
    customer.join(operator)
    supervisor.monitor(operator, Mode.WHISPER, lambda: ended.append(1))
    await until(lambda: boss.hears(desk, out) and desk.hears(boss), 10)

    before = kill(operator)
    await until(lambda: home(operator).pid != before, 10)
    for talker in (desk, out, boss):
        talker.got.clear()
    await until(lambda: boss.hears(desk, out) and desk.hears(boss, out) and out.hears(desk), 10)

    assert out.heard(boss.hertz) < SILENT
    assert ended == []


async def test_encrypted_calls_live_on_as_new_streams(media: Workers) -> None:
    """The far end's rollovers are known from the last note; ours begin anew under another source."""
    legs = [media.open(encryption=Encryption.REQUIRED) for _ in range(2)]
    one, two = (SealedTalker(500 + 400 * n, leg, ssrc=n + 1) for n, leg in enumerate(legs))
    for end, leg in ((one, legs[0]), (two, legs[1])):
        await end.roll_over(2, leg)
        end.speak(leg)
    legs[0].join(legs[1])
    await until(lambda: one.hears(two) and two.hears(one), 10)
    await asyncio.sleep(1.1)  # a note of each
    sources = {p.ssrc for p in one.got}

    before = kill(legs[0])
    await until(lambda: home(legs[0]).pid != before, 10)
    for end in (one, two):
        end.got.clear()
    await until(lambda: one.hears(two) and two.hears(one), 10)

    assert {p.ssrc for p in one.got}.isdisjoint(sources)
    figures = [await closed(leg) for leg in legs]
    assert [one.stats.forged for one in figures] == [0, 0]
    for end in (one, two):
        end.close()


async def test_a_leg_whose_process_dies_while_it_closes_gives_the_last_known_figures(far, media: Workers) -> None:
    (ann, _), *_ = far
    kept = Kept()
    ann.record(kept)
    await until(lambda: kept.pieces, 10)
    kill(ann, signal.SIGSTOP)
    told: asyncio.Future[Figures] = asyncio.get_running_loop().create_future()
    worker = home(ann)

    ann.close(told.set_result)
    figures = await asyncio.wait_for(told, 5)
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGKILL)
    await until(lambda: kept.rest is not None, 10)

    assert figures.stats.received > 0


async def test_a_process_that_reads_nothing_is_not_waited_for(far, media: Workers, monkeypatch) -> None:
    monkeypatch.setattr(channel, "MOST_WAITING", 50)
    (ann, one), (bob, two), _ = far
    ann.join(bob)
    await until(lambda: one.hears(two), 10)
    before = kill(ann, signal.SIGSTOP)

    while ann.home is not None and ann.home.pid == before:
        ann.mute(muted=False)
        await asyncio.sleep(0)
    one.got.clear()
    await until(lambda: one.hears(two), 10)


async def test_a_fault_in_one_order_leaves_the_others_alone(far, media: Workers) -> None:
    (ann, one), (bob, two), _ = far
    before = home(ann).pid

    ann.judge({"nonsense": 1.0}, lambda _: None, lambda: None)
    ann.join(bob)
    await until(lambda: one.hears(two) and two.hears(one), 10)

    assert home(ann).pid == before


async def test_a_fault_of_who_hears_of_one_legs_end_leaves_the_others_their_sound(far, media: Workers) -> None:
    def fails(_: Figures) -> None:
        raise ValueError("it cannot be told")

    (ann, one), (bob, two), _ = far
    ann.join(bob)
    await until(lambda: one.hears(two), 10)
    first, left = (sound for sound in home(ann).legs.values() if sound in (ann, bob))
    before = kill(left, signal.SIGSTOP)

    first.close(fails)
    os.kill(before, signal.SIGKILL)

    await until(lambda: left.home is not None and left.home.pid != before, 10)


async def test_a_leg_that_a_process_has_no_room_for_gives_its_ports_back(media: Workers) -> None:
    """Of two sockets that were sent along one arrives at most."""
    before = open_sockets()
    for worker in media._working:
        assert worker.pid is not None
        number = len(os.listdir(f"/proc/{worker.pid}/fd")) + 1
        _, most = resource.prlimit(worker.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(worker.pid, resource.RLIMIT_NOFILE, (number, most))
    ann, bob = media.open(), media.open()
    ann.join(bob)
    figures = [await closed(sound) for sound in (ann, bob)]
    await until(lambda: not any(worker.legs for worker in media._workers), 5)

    for worker in media._working:
        assert worker.pid is not None
        assert len(os.listdir(f"/proc/{worker.pid}/fd")) < resource.prlimit(worker.pid, resource.RLIMIT_NOFILE)[0]
        resource.prlimit(worker.pid, resource.RLIMIT_NOFILE, (most, most))
    assert [one.stats.received for one in figures] == [0, 0]
    assert open_sockets() == before


# ---------------------------------------------------------------- the engine's own end

ENGINE = """
import asyncio, sys
from media.ports import PortRange
from media.workers import Workers

async def main():
    media = Workers(PortRange("127.0.0.1", 24800, 24819), 1)
    await media.start()
    media.open().offer()
    print(*[worker.pid for worker in media._workers], flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


@pytest.mark.parametrize("hangs", [False, True], ids=["both run", "one hangs"])
async def test_no_process_outlives_an_engine_that_is_killed(hangs: bool) -> None:
    engine = await asyncio.create_subprocess_exec(sys.executable, "-c", ENGINE, stdout=asyncio.subprocess.PIPE)
    assert engine.stdout is not None
    pids = [int(pid) for pid in (await engine.stdout.readline()).split()]
    assert len(pids) == 2
    if hangs:
        os.kill(pids[0], signal.SIGSTOP)

    engine.kill()
    await engine.wait()

    try:
        await until(lambda: not any(_runs(pid) for pid in pids), 10)
    finally:
        for pid in filter(_runs, pids):
            os.kill(pid, signal.SIGKILL)


def _runs(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def test_signals_of_the_terminal_are_left_to_the_engine(far, media: Workers) -> None:
    (ann, one), (bob, two), _ = far
    ann.join(bob)
    await until(lambda: one.hears(two), 10)

    for number in (signal.SIGINT, signal.SIGTERM):
        before = kill(ann, number)
    await settle()
    one.got.clear()
    await until(lambda: one.hears(two), 10)

    assert home(ann).pid == before
