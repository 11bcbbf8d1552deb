"""How long recordings are kept: the key goes first, then the file; what is held stays."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from centre import Centre
from sqlalchemy import insert, select, text, update

from campaigns.projects.models import project
from desk.recordings import keeping
from desk.recordings.keeping import Keeping
from desk.recordings.models import recording
from identity.audit.models import audit
from identity.roles.rights import Role
from kit import ids
from kit.clock import ManualClock, SystemClock

NOW = SystemClock().now()


class Kept:
    """Recordings of some age, each with a file."""

    def __init__(self, centre: Centre, folder: Path, usual_days: int) -> None:
        self.centre, self.folder = centre, folder
        self.keeping = Keeping(centre.db, ManualClock(NOW), self.path_of, usual_days)

    def path_of(self, wanted: str) -> Path:
        return self.folder / wanted[:6] / f"{wanted}.ahr"

    async def add(self, of: str, days: float, state: str = "kept") -> str:
        made = ids.new()
        at = NOW - timedelta(days=days)
        row = {"id": made, "call": ids.new(), "project": of, "key_sealed": b"KEYKEYKEY", "state": state, "seconds": 1.0}
        await self.centre.db.write(lambda tx: tx.conn.execute(insert(recording).values(**row, started_at=at)))
        self.path_of(made).parent.mkdir(parents=True, exist_ok=True)
        self.path_of(made).write_bytes(b"sound")
        return made

    async def keep_days(self, of: str, days: int | None) -> None:
        wanted = update(project).where(project.c.id == of).values(keep_days=days)
        await self.centre.db.write(lambda tx: tx.conn.execute(wanted))

    async def states(self) -> dict[str, str]:
        async with self.centre.db.read() as conn:
            return {row.id: row.state for row in await conn.execute(select(recording))}

    async def trail(self) -> list:
        async with self.centre.db.read() as conn:
            found = select(audit).where(audit.c.action.like("recording.%")).order_by(audit.c.id)
            return list((await conn.execute(found)).all())


@pytest.fixture
def kept(centre: Centre, tmp_path: Path) -> Kept:
    return Kept(centre, tmp_path / "recordings", 30)


async def test_what_is_older_than_the_project_keeps_loses_key_and_file_and_the_trail_says_so(kept: Kept):
    usual, own, ever = [await kept.centre.project(name) for name in ("Usual", "Own", "Ever")]
    await kept.keep_days(own, 7)
    await kept.keep_days(ever, 0)
    old = {each: await kept.add(each, 31) for each in (usual, own, ever)}
    young = {each: await kept.add(each, 8) for each in (usual, own, ever)}

    gone = await kept.keeping.erase()

    erased = {old[usual], old[own], young[own]}
    assert gone == 3
    assert {each for each, state in (await kept.states()).items() if state == "erased"} == erased
    assert {each for each in (*old.values(), *young.values()) if not kept.path_of(each).exists()} == erased
    async with kept.centre.db.read() as conn:
        keys = dict((await conn.execute(select(recording.c.id, recording.c.key_sealed))).all())
    assert {each for each, key in keys.items() if key == b""} == erased
    lines = {line.subject: (line.action, line.actor, line.detail["keep_days"]) for line in await kept.trail()}
    assert lines == {each: ("recording.erased", None, 7 if each != old[usual] else 30) for each in erased}
    assert await kept.keeping.erase() == 0


async def test_nothing_is_erased_where_nobody_says_how_long(kept: Kept, centre: Centre):
    await kept.add(await centre.project(), 10_000)
    never = Keeping(centre.db, ManualClock(NOW), kept.path_of, 0)

    assert await never.erase() == 0
    assert set((await kept.states()).values()) == {"kept"}


async def test_one_that_is_being_written_is_left_alone_and_one_that_is_lost_goes(kept: Kept, centre: Centre):
    where = await centre.project()
    on, lost = await kept.add(where, 31, "recording"), await kept.add(where, 31, "lost")

    await kept.keeping.erase()

    assert await kept.states() == {on: "recording", lost: "erased"}


async def test_what_is_held_stays_until_it_is_released(kept: Kept, centre: Centre, ask):
    where = await centre.project()
    manager, supervisor = [await centre.worker(where, role=role) for role in (Role.MANAGER, Role.SUPERVISOR)]
    foreign = await centre.worker(await centre.project("Taksi"), role=Role.MANAGER)
    wanted = await kept.add(where, 31)
    path = f"/recordings/{wanted}/hold"
    assert [(await ask(each, "PUT", path)).status_code for each in (supervisor, foreign)] == [403, 404]

    assert [(await ask(manager, "PUT", path)).status_code for _ in range(2)] == [204, 204]
    assert await kept.keeping.erase() == 0
    assert await kept.states() == {wanted: "kept"}
    assert [(await ask(manager, "DELETE", path)).status_code for _ in range(2)] == [204, 204]
    assert await kept.keeping.erase() == 1

    assert (await ask(manager, "PUT", path)).json()["code"] == "nothing_recorded"
    assert [(line.action, line.actor) for line in await kept.trail()] == [
        ("recording.held", manager.id),
        ("recording.released", manager.id),
        ("recording.erased", None),
    ]


async def test_a_hold_that_comes_between_looking_and_erasing_wins(kept: Kept, centre: Centre):
    where = await centre.project()
    wanted = await kept.add(where, 31)
    works = []

    async def held_meanwhile(some) -> int:
        works.extend(some)
        held = update(recording).where(recording.c.id == wanted).values(held_at=NOW)
        await centre.db.write(lambda tx: tx.conn.execute(held))
        return await type(centre.db).write_slices(centre.db, works)

    centre.db.write_slices = held_meanwhile  # type: ignore[method-assign]

    assert await kept.keeping.erase() == 0
    assert (len(works), await kept.states(), await kept.trail()) == (1, {wanted: "kept"}, [])


async def test_after_a_crash_between_key_and_file_the_next_turn_takes_the_file(
    kept: Kept, centre: Centre, monkeypatch: pytest.MonkeyPatch
):
    wanted = await kept.add(await centre.project(), 31)

    def dies(files) -> list[str]:
        raise RuntimeError("the service dies here")

    monkeypatch.setattr(keeping, "_removed", dies)
    with pytest.raises(RuntimeError):
        await kept.keeping.erase()
    assert (await kept.states(), kept.path_of(wanted).exists()) == ({wanted: "erasing"}, True)
    monkeypatch.undo()
    again = Keeping(centre.db, ManualClock(NOW), kept.path_of, 30)

    assert await again.erase() == 1
    assert (await kept.states(), kept.path_of(wanted).exists()) == ({wanted: "erased"}, False)
    assert len(await kept.trail()) == 1


async def test_a_file_that_cannot_be_removed_holds_up_no_other_and_is_tried_again(kept: Kept, centre: Centre):
    where = await centre.project()
    stuck, other = await kept.add(where, 31), await kept.add(where, 31)
    kept.path_of(stuck).unlink()
    kept.path_of(stuck).mkdir()

    assert await kept.keeping.erase() == 1
    assert await kept.states() == {stuck: "erasing", other: "erased"}
    kept.path_of(stuck).rmdir()
    assert await kept.keeping.erase() == 1


async def test_more_than_one_turn_can_take_go_in_one(kept: Kept, centre: Centre, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(keeping, "_AT_ONCE", 3)
    where = await centre.project()
    for _ in range(8):
        await kept.add(where, 31)

    assert await kept.keeping.erase() == 8
    assert not any(kept.folder.rglob("*.ahr"))
    assert list(kept.folder.iterdir()) == []


async def test_the_task_goes_on_after_a_failure(kept: Kept, centre: Centre, monkeypatch: pytest.MonkeyPatch):
    turns = []

    async def fails() -> int:
        turns.append(1)
        raise RuntimeError("the store does not answer")

    monkeypatch.setattr(kept.keeping, "erase", fails)
    monkeypatch.setattr(keeping, "LOOK_S", 0.001)
    task = asyncio.create_task(kept.keeping.run())
    async with asyncio.timeout(10):
        while len(turns) < 3:
            await asyncio.sleep(0.001)
    task.cancel()


async def test_old_recordings_are_found_by_their_index(kept: Kept, centre: Centre):
    where = await centre.project()
    old = select(recording.c.id).where(keeping._grown_old(where, NOW)).order_by(recording.c.started_at).limit(200)
    compiled = old.compile(dialect=centre.db._reader.dialect, compile_kwargs={"literal_binds": True})
    explain = "EXPLAIN QUERY PLAN" if centre.db.is_sqlite else "EXPLAIN"

    async with centre.db.read() as conn:
        if not centre.db.is_sqlite:
            await conn.execute(text("SET LOCAL enable_seqscan = off"))
        plan = " ".join(str(row) for row in await conn.execute(text(f"{explain} {compiled}")))

    assert "ix_recording_age" in plan
