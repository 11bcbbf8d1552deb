"""Recordings through the store and the doors: kept with their calls, heard by those who may, never silently."""

import asyncio
from collections.abc import Collection
from pathlib import Path

import httpx
import pytest
from centre import Centre, Worker
from sqlalchemy import func, select

from desk.recordings.models import recording
from desk.recordings.sealed import PIECE
from desk.recordings.service import close_lost
from desk.recordings.shelf import NEARLY_FULL, Tape
from desk.recordings.store import StoredRecordings
from dialer.shapes import CallId, CampaignId, OperatorId, ProjectId, RecordedCall
from identity.audit.models import audit
from identity.roles.rights import Role
from kit.clock import SystemClock


class Archive:
    """Recordings in a folder, with a call that they belong to."""

    def __init__(self, centre: Centre, folder: Path) -> None:
        self.centre = centre
        self.stored = StoredRecordings(centre.db, centre.seal, folder, SystemClock())

    async def set_up(self) -> None:
        self.project = await self.centre.project()
        campaign = await self.centre.campaign(self.project)
        self.operator = await self.centre.worker(self.project)
        customer = await self.centre.customer(campaign)
        self.call = await self.centre.talk(customer, self.operator)
        self.of = RecordedCall(
            CallId(self.call), ProjectId(self.project), CampaignId(campaign), OperatorId(self.operator.id)
        )

    async def recorded(self, seconds: int = 2) -> str:
        """The id of a recording whose left side is 1, right side 2."""
        before = {row.id for row in await self.rows()}
        tape = self.begun(seconds)
        tape.finish(bytes([1, 2]) * 4000)
        return await self.until_state("kept", before)

    def begun(self, seconds: int) -> Tape:
        tape = self.stored.open(self.of)
        tape.begin("PCMA")
        for _ in range(seconds):
            tape.write(bytes([1, 2]) * (PIECE // 2))
        return tape

    async def rows(self) -> list:
        async with self.centre.db.read() as conn:
            return list((await conn.execute(select(recording).order_by(recording.c.id))).all())

    async def until_state(self, state: str, but: Collection[str] = ()) -> str:
        """The id of a recording, none of `but`, that has come to this state."""
        async with asyncio.timeout(30):
            while True:
                found = [row.id for row in await self.rows() if row.state == state and row.id not in but]
                if found:
                    return found[-1]
                await asyncio.sleep(0.01)


@pytest.fixture
async def archive(centre: Centre, tmp_path: Path):
    opened = Archive(centre, tmp_path / "recordings")
    await opened.set_up()
    await opened.stored.start()
    yield opened
    await opened.stored.close()


@pytest.fixture
async def ask(archive: Archive):
    app = archive.centre.app()
    app.state.recordings = archive.stored
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080/api/v1") as client:

        async def asked(worker: Worker, method: str, path: str, **headers: str) -> httpx.Response:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            return await client.request(method, path, headers=worker.headers | named)

        yield asked


async def test_a_recording_has_a_row_from_its_beginning_and_its_length_at_its_end(archive: Archive):
    tape = archive.begun(1)
    await archive.until_state("recording")

    tape.finish(bytes(8000))
    await archive.until_state("kept")

    (row,) = await archive.rows()
    assert (row.call, row.project, row.operator) == (archive.call, archive.project, archive.operator.id)
    assert (row.seconds, row.reason) == (1.5, None)


async def test_who_may_hear_gets_a_wav_that_any_player_knows_and_the_trail_says_so(archive: Archive, ask):
    supervisor = await archive.centre.worker(archive.project, role=Role.SUPERVISOR)
    wanted = await archive.recorded()

    (shown,) = (await ask(supervisor, "GET", f"/calls/{archive.call}/recordings")).json()
    answer = await ask(supervisor, "GET", f"/recordings/{shown['id']}")

    assert (shown["id"], shown["state"], shown["seconds"]) == (wanted, "kept", 2.5)
    assert answer.headers["content-type"] == "audio/wav"
    assert int(answer.headers["content-length"]) == len(answer.content)
    left, right = sides(answer.content)
    assert (len(left), set(left), set(right)) == (20000, {1}, {2})
    async with archive.centre.db.read() as conn:
        (line,) = (await conn.execute(select(audit).where(audit.c.action == "recording.heard"))).all()
    assert (line.actor, line.subject, line.project) == (supervisor.id, wanted, archive.project)


def sides(wav: bytes) -> tuple[bytes, bytes]:
    """Left and right of stereo A-law (RIFF format 6)."""
    assert int.from_bytes(wav[20:22], "little") == 6
    assert wav[:4] == b"RIFF"
    assert int.from_bytes(wav[4:8], "little") == len(wav) - 8
    size = int.from_bytes(wav[54:58], "little")
    assert (wav[50:54], size) == (b"data", len(wav) - 58)
    return wav[58::2], wav[59::2]


async def test_an_operator_hears_no_recordings_and_a_foreign_supervisor_finds_none(archive: Archive, ask):
    foreign = await archive.centre.worker(await archive.centre.project("Taksi"), role=Role.SUPERVISOR)
    wanted = await archive.recorded()

    for path in (f"/recordings/{wanted}", f"/calls/{archive.call}/recordings"):
        assert (await ask(archive.operator, "GET", path)).status_code == 403
        assert (await ask(foreign, "GET", path)).status_code == 404
    async with archive.centre.db.read() as conn:
        assert await conn.scalar(select(func.count()).where(audit.c.action == "recording.heard")) == 0


@pytest.mark.parametrize("cut", [1, 9000])
async def test_a_recording_that_was_cut_or_changed_is_not_given(archive: Archive, ask, cut: int):
    supervisor = await archive.centre.worker(archive.project, role=Role.SUPERVISOR)
    wanted = await archive.recorded()
    file = archive.stored.shelf.path_of(wanted)
    file.write_bytes(file.read_bytes()[:-cut])

    answer = await ask(supervisor, "GET", f"/recordings/{wanted}")

    assert (answer.status_code, answer.json()["code"]) == (409, "recording_damaged")


async def test_two_recordings_whose_files_were_swapped_are_not_given(archive: Archive, ask):
    supervisor = await archive.centre.worker(archive.project, role=Role.SUPERVISOR)
    await archive.recorded()
    await archive.recorded()
    one, two = (archive.stored.shelf.path_of(row.id) for row in await archive.rows())
    first, second = one.read_bytes(), two.read_bytes()
    one.write_bytes(second)
    two.write_bytes(first)

    answers = [await ask(supervisor, "GET", f"/recordings/{row.id}") for row in await archive.rows()]

    assert [answer.status_code for answer in answers] == [409, 409]


async def test_while_the_call_is_on_what_was_said_so_far_can_be_heard(archive: Archive, ask):
    supervisor = await archive.centre.worker(archive.project, role=Role.SUPERVISOR)
    early = archive.begun(0)
    nothing = await ask(supervisor, "GET", f"/recordings/{await archive.until_state('recording')}")
    early.finish(b"")
    await archive.until_state("kept")
    tape = archive.begun(3)
    wanted = await archive.until_state("recording")
    file = archive.stored.path_of(wanted)
    async with asyncio.timeout(30):
        while not file.exists() or file.stat().st_size < 3 * PIECE:
            await asyncio.sleep(0.01)

    answer = await ask(supervisor, "GET", f"/recordings/{wanted}", range="bytes=0-99")
    tape.finish(b"")

    assert (nothing.status_code, nothing.json()["code"]) == (409, "nothing_recorded")
    assert (answer.status_code, answer.headers["accept-ranges"]) == (200, "none"), "a file that grows has no parts"
    left, right = sides(answer.content)
    assert (len(left), set(left), set(right)) == (24000, {1}, {2})


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-", 0, 40058),
        ("bytes=57-58", 57, 59),
        ("bytes=16050-16070", 16050, 16071),
        ("bytes=40000-99999", 40000, 40058),
        ("bytes=-8", 40050, 40058),
        ("bytes=-99999", 0, 40058),
    ],
)
async def test_a_player_seeks_by_asking_for_parts(archive: Archive, ask, asked: str, start: int, end: int):
    supervisor = await archive.centre.worker(archive.project, role=Role.SUPERVISOR)
    wanted = await archive.recorded()
    whole = (await ask(supervisor, "GET", f"/recordings/{wanted}")).content

    answer = await ask(supervisor, "GET", f"/recordings/{wanted}", range=asked)

    assert (answer.status_code, answer.content) == (206, whole[start:end])
    assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/40058"
    assert int(answer.headers["content-length"]) == end - start


@pytest.mark.parametrize("asked", ["bytes=9-3", "bytes=0-1,5-6", "seconds=0-1", "bytes=x", "bytes=-", ""])
async def test_a_range_that_names_no_one_part_gets_the_whole(archive: Archive, ask, asked: str):
    supervisor = await archive.centre.worker(archive.project, role=Role.SUPERVISOR)
    wanted = await archive.recorded()

    answer = await ask(supervisor, "GET", f"/recordings/{wanted}", range=asked)

    assert (answer.status_code, len(answer.content), answer.headers["accept-ranges"]) == (200, 40058, "bytes")


async def test_a_range_past_the_end_is_refused_and_one_of_another_file_gets_the_whole(archive: Archive, ask):
    supervisor = await archive.centre.worker(archive.project, role=Role.SUPERVISOR)
    wanted = await archive.recorded()
    path = f"/recordings/{wanted}"

    past = await ask(supervisor, "GET", path, range="bytes=40058-")
    tag = (await ask(supervisor, "GET", path)).headers["etag"]
    same = await ask(supervisor, "GET", path, range="bytes=0-9", if_range=tag)
    other = await ask(supervisor, "GET", path, range="bytes=0-9", if_range='"another"')

    assert (past.status_code, past.headers["content-range"]) == (416, "bytes */40058")
    assert (same.status_code, other.status_code, len(other.content)) == (206, 200, 40058)


async def test_a_listening_is_noted_once_however_many_parts_it_takes_and_each_download(archive: Archive, ask):
    project = archive.project
    manager, other = [await archive.centre.worker(project, role=role) for role in (Role.MANAGER, Role.SUPERVISOR)]
    wanted = await archive.recorded()

    for start in (20000, 0, 30000):
        await ask(manager, "GET", f"/recordings/{wanted}", range=f"bytes={start}-")
    await ask(other, "GET", f"/recordings/{wanted}")
    for _ in range(2):
        taken = await ask(manager, "GET", f"/recordings/{wanted}?download=true")
    refused = await ask(other, "GET", f"/recordings/{wanted}?download=true")

    assert taken.headers["content-disposition"] == f'attachment; filename="{wanted}.wav"'
    assert (refused.status_code, refused.json()["code"]) == (403, "no_right")
    async with archive.centre.db.read() as conn:
        lines = (await conn.execute(select(audit).where(audit.c.subject == wanted).order_by(audit.c.id))).all()
    assert [(line.actor, line.action) for line in lines] == [
        (manager.id, "recording.heard"),
        (other.id, "recording.heard"),
        *[(manager.id, "recording.exported")] * 2,
    ]


async def test_after_a_crash_what_stands_in_the_file_can_be_heard_and_the_rest_is_said(archive: Archive, ask):
    supervisor = await archive.centre.worker(archive.project, role=Role.SUPERVISOR)
    shelf = archive.stored.shelf
    archive.begun(3)
    cut = await archive.until_state("recording")
    async with asyncio.timeout(30):
        while not shelf.path_of(cut).exists() or shelf.path_of(cut).stat().st_size < 3 * PIECE:
            await asyncio.sleep(0.01)
    archive.begun(0)
    async with asyncio.timeout(30):
        while len(await archive.rows()) < 2:
            await asyncio.sleep(0.01)

    closed = await close_lost(archive.centre.db, archive.centre.seal, shelf.path_of)

    assert closed == 2
    shortened, lost = sorted(await archive.rows(), key=lambda row: row.id != cut)
    assert (shortened.state, shortened.reason, shortened.seconds) == ("shortened", "service_died", 3.0)
    assert (lost.state, lost.reason) == ("lost", "no_file")
    left, right = sides((await ask(supervisor, "GET", f"/recordings/{cut}")).content)
    assert (len(left), set(left), set(right)) == (24000, {1}, {2})
    assert (await ask(supervisor, "GET", f"/recordings/{lost.id}")).json()["code"] == "nothing_recorded"
    file = shelf.path_of(cut)
    file.write_bytes(file.read_bytes()[: -(PIECE + 24)])
    assert (await ask(supervisor, "GET", f"/recordings/{cut}")).json()["code"] == "recording_damaged"


async def test_the_system_says_when_the_disk_is_nearly_full(archive: Archive, ask):
    manager = await archive.centre.worker(None, role=Role.MANAGER)
    before = (await ask(manager, "GET", "/system")).json()["recordings"]

    archive.stored.shelf.trouble = NEARLY_FULL

    told = (await ask(manager, "GET", "/system")).json()["recordings"]
    assert (before, told["code"]) == (None, NEARLY_FULL)
    assert told["message"].startswith("The disk of recordings is nearly full; make room")


async def test_pause_and_resume_are_the_operators_own(archive: Archive, ask):
    colleague = await archive.centre.worker(archive.project)

    refused = await ask(colleague, "POST", f"/calls/{archive.call}/recording/pause")
    for step in ("pause", "resume"):
        assert (await ask(archive.operator, "POST", f"/calls/{archive.call}/recording/{step}")).status_code == 204

    assert refused.status_code == 403
    assert archive.centre.engine.commands[-2:] == [
        ("pause_recording", archive.call, archive.operator.id, True),
        ("pause_recording", archive.call, archive.operator.id, False),
    ]
