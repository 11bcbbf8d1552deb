"""What stands in a recording's file is what was recorded, or it is noticed."""

import asyncio
import os
import resource
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from desk.recordings import sealed
from desk.recordings.sealed import PIECE, Sealer
from desk.recordings.shelf import DISK_ERROR, DISK_FULL, DISK_SLOW, NEARLY_FULL, Shelf, Tape
from kit.seal import SealError

ID, OTHER = "a" * 32, "b" * 32
KEY = bytes(range(32))
SECONDS = [bytes([n]) * PIECE for n in range(4)]
REST = b"\x09" * 3000


def whole(recording: str = ID) -> list[bytes]:
    """The parts of a file: its head, four seconds, and the rest."""
    sealer = Sealer(recording, KEY, "PCMA")
    pieces = [sealer.seal(place, sound, last=False) for place, sound in enumerate(SECONDS)]
    return [sealer.head, *pieces, sealer.seal(4, REST, last=True)]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "x.ahr"


def heard(file: Path) -> bytes:
    return b"".join(sealed.sound(file, ID, KEY))


def test_a_recording_is_read_as_it_was_written(file: Path):
    file.write_bytes(b"".join(whole()))

    assert sealed.contents(file, ID, KEY) == sealed.Contents("PCMA", 4 * 8000 + 1500, True)
    assert heard(file) == b"".join(SECONDS) + REST


def test_nothing_of_the_sound_stands_in_the_file(file: Path):
    file.write_bytes(b"".join(whole()))

    assert not any(bytes([n]) * 64 in file.read_bytes() for n in range(10))


@pytest.mark.parametrize("size", [1, 7, 8, 9, 3000])
def test_an_end_that_was_torn_off_by_a_crash_leaves_all_before_it(file: Path, size: int):
    *before, last = whole()
    file.write_bytes(b"".join(before) + last[: min(size, len(last) - 1)])

    assert sealed.contents(file, ID, KEY) == sealed.Contents("PCMA", 4 * 8000, False)
    assert heard(file) == b"".join(SECONDS)


def test_a_cut_at_the_end_of_a_piece_is_no_whole_recording(file: Path):
    file.write_bytes(b"".join(whole()[:3]))

    assert sealed.contents(file, ID, KEY) == sealed.Contents("PCMA", 2 * 8000, False)


def changed(parts: list[bytes], at: int, byte: int) -> list[bytes]:
    part = bytearray(parts[at])
    part[byte] ^= 1
    return [*parts[:at], bytes(part), *parts[at + 1 :]]


@pytest.mark.parametrize(
    "forged",
    [
        lambda parts: changed(parts, 2, 50),
        lambda parts: changed(parts, 2, 3),  # its place
        lambda parts: changed(parts, 0, 4),  # the law
        lambda parts: [*parts[:2], *parts[3:]],  # one taken out
        lambda parts: [parts[0], *parts[2:]],  # the first taken out
        lambda parts: [*parts[:2], parts[3], parts[2], *parts[4:]],  # two swapped
        lambda parts: [*parts[:2], parts[2], parts[2], *parts[3:]],  # one twice
        lambda parts: [*parts[:2], whole(OTHER)[2], *parts[3:]],  # of another recording
        lambda parts: [*parts, parts[3]],  # something behind the end
        lambda parts: [*parts[:-2], parts[-1]],  # the piece before the last taken out
    ],
)
def test_what_was_changed_is_noticed(file: Path, forged):
    file.write_bytes(b"".join(forged(whole())))

    with pytest.raises(SealError):
        sealed.contents(file, ID, KEY)


def test_pieces_that_were_never_written_are_silence_in_their_places(file: Path):
    sealer = Sealer(ID, KEY, "PCMA")
    parts = [sealer.head, sealer.seal(1, SECONDS[1], last=False), sealer.seal(3, SECONDS[3], last=True)]
    file.write_bytes(b"".join(parts))

    quiet = b"\xd5" * PIECE
    assert heard(file) == quiet + SECONDS[1] + quiet + SECONDS[3]


# ---------------------------------------------------------------- the thread that writes


@pytest.fixture
async def shelf(tmp_path: Path):
    opened = Shelf(tmp_path / "recordings", most_waiting=8)
    opened.start()
    yield opened
    await opened.close()


async def written(tape: Tape) -> tuple[float, str | None]:
    done = await asyncio.wait_for(asyncio.shield(tape.done), 30)
    return done.seconds, done.reason


async def until(done) -> None:
    async with asyncio.timeout(30):
        while not done():
            await asyncio.sleep(0.01)


async def test_a_tape_is_written_and_closed_with_its_length(shelf: Shelf):
    tape = shelf.tape(ID, KEY)
    tape.begin("PCMU")

    for second in SECONDS:
        tape.write(second)
    tape.finish(REST)

    assert await written(tape) == (4 + 1500 / 8000, None)
    file = shelf.path_of(ID)
    assert sealed.contents(file, ID, KEY) == sealed.Contents("PCMU", 4 * 8000 + 1500, True)
    assert file.stat().st_mode & 0o077 == 0


async def test_a_full_disk_ends_no_recording_and_is_told_until_there_is_room_again(shelf: Shelf):
    tape, file = shelf.tape(ID, KEY), shelf.path_of(ID)
    probe = file.parent.parent / "probe"
    file.parent.mkdir(parents=True)
    file.symlink_to("/dev/full")
    probe.symlink_to("/dev/full")

    tape.begin("PCMA")
    tape.write(SECONDS[0])
    await until(lambda: shelf.trouble == DISK_FULL)
    tape.finish(REST)

    assert await written(tape) == (0.0, DISK_FULL)
    probe.unlink(missing_ok=True)
    await until(lambda: shelf.trouble is None)


async def test_a_write_that_fails_in_its_middle_leaves_a_gap_and_the_recording_goes_on(shelf: Shelf):
    tape, file = shelf.tape(ID, KEY), shelf.path_of(ID)
    tape.begin("PCMA")
    tape.write(SECONDS[0])
    await until(lambda: file.exists() and file.stat().st_size > PIECE)

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (file.stat().st_size + 5000, before[1]))
    try:
        tape.write(SECONDS[1])
        await until(lambda: shelf.trouble == DISK_ERROR)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    tape.write(SECONDS[2])
    tape.finish(REST)

    assert await written(tape) == (3 + 1500 / 8000, DISK_ERROR)
    assert heard(file) == SECONDS[0] + b"\xd5" * PIECE + SECONDS[2] + REST


async def test_a_folder_that_is_not_there_is_trouble_from_the_start(tmp_path: Path):
    (tmp_path / "file").write_text("")
    shelf = Shelf(tmp_path / "file" / "recordings")

    shelf.start()

    assert shelf.trouble == DISK_ERROR
    await shelf.close()


async def test_a_disk_with_little_room_is_told_in_time_and_calls_that_are_on_are_still_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    free = [1000]
    room = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: room._replace(free=free[0]))
    shelf = Shelf(tmp_path / "recordings", spare=1000)
    shelf.start()
    tape = shelf.tape(ID, KEY)
    tape.begin("PCMA")
    before = shelf.trouble

    free[0] = 999
    tape.write(SECONDS[0])
    await until(lambda: shelf.trouble == NEARLY_FULL)
    free[0] = 1001
    tape.finish(REST)

    assert before is None
    assert await written(tape) == (1 + 1500 / 8000, None)
    assert shelf.trouble == NEARLY_FULL, "a little more is not enough"
    free[0] = 1200
    await until(lambda: shelf.trouble is None)
    await shelf.close()


async def test_a_disk_that_hangs_holds_up_nobody_and_what_finds_no_room_is_left_out(shelf: Shelf):
    stuck, file = shelf.tape(ID, KEY), shelf.path_of(ID)
    file.parent.mkdir(parents=True)
    os.mkfifo(file)  # opening it waits until somebody reads
    stuck.begin("PCMA")
    stuck.write(SECONDS[0])
    late = shelf.tape(OTHER, KEY)
    late.begin("PCMA")
    await until(lambda: not shelf._waiting)

    for _ in range(12):
        late.write(SECONDS[1])
    late.finish(REST)
    trouble = shelf.trouble
    reader = os.open(file, os.O_RDONLY | os.O_NONBLOCK)

    assert trouble == DISK_SLOW
    assert await written(late) == (12 + 1500 / 8000, DISK_SLOW)
    os.close(reader)
    held = b"".join(sealed.sound(shelf.path_of(OTHER), OTHER, KEY))
    assert held == SECONDS[1] * 8 + b"\xd5" * (4 * PIECE) + REST
    stuck.finish(REST)
    await written(stuck)


DIES = """
import asyncio, os, signal, sys
from pathlib import Path
from desk.recordings.shelf import Shelf

async def main():
    shelf = Shelf(Path(sys.argv[1]))
    shelf.start()
    tape = shelf.tape("a" * 32, bytes(range(32)))
    tape.begin("PCMA")
    for n in range(4):
        tape.write(bytes([n]) * 16000)
    while shelf._waiting or not shelf.path_of("a" * 32).exists() or shelf.path_of("a" * 32).stat().st_size < 64000:
        await asyncio.sleep(0.01)
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


async def test_what_was_written_before_a_kill_can_be_played(tmp_path: Path):
    done = await asyncio.to_thread(subprocess.run, [sys.executable, "-c", DIES, str(tmp_path)], timeout=60, check=False)

    file = Shelf(tmp_path).path_of(ID)
    assert done.returncode < 0
    assert sealed.contents(file, ID, KEY) == sealed.Contents("PCMA", 4 * 8000, False)
    assert heard(file) == b"".join(SECONDS)


def test_no_two_pieces_of_a_recording_share_a_nonce():
    places = [int.from_bytes(part[:4], "big") for part in whole()[1:]]

    assert all(a < b for a, b in pairwise(places))
