"""RULE: a service erases recordings whose time is over, also those that a crash left half erased."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from running import Service, until
from sqlalchemy import insert, select

from campaigns.projects.models import project
from desk.recordings.models import recording
from kit import ids
from kit.db import Database

pytestmark = pytest.mark.timeout(120)

NOBODY = ("127.0.0.1", 9)
CLIENT = {"name": "P", "country": "TR", "zone": "UTC", "inbound_numbers": []}


async def test_a_service_erases_what_is_too_old_and_what_a_crash_left(tmp_path: Path):
    service = Service(tmp_path / "service", NOBODY)
    await service.start()
    await service.stop()
    old, young, half = await _filled(service, [(31, "kept"), (29, "kept"), (400, "erasing")])
    service.overrides = {"recordings": {"folder": str(service.folder / "recordings"), "keep_days": 30}}

    await service.start()
    try:
        states = await until(lambda: _erased(service, 2), 30)
        await until(lambda: _told(service, 2), 30)
    finally:
        await service.stop()

    assert states == {old: "erased", young: "kept", half: "erased"}
    assert [each for each in (old, young, half) if _file(service, each).exists()] == [young]


async def _filled(service: Service, ages: list[tuple[int, str]]) -> list[str]:
    """Recordings of so many days, each with a file; gives their ids."""
    now, where, made = datetime.now(UTC), ids.new(), [ids.new() for _ in ages]
    rows = [
        {
            **{"id": each, "call": ids.new(), "project": where, "key_sealed": b"x", "state": state, "seconds": 1.0},
            "started_at": now - timedelta(days=days),
        }
        for each, (days, state) in zip(made, ages, strict=True)
    ]

    async def work(tx) -> None:
        await tx.conn.execute(insert(project).values(id=where, created_at=now, **CLIENT))
        await tx.conn.execute(insert(recording), rows)

    db = _base(service)
    await db.open()
    await db.write(work)
    await db.close()
    for each in made:
        _file(service, each).parent.mkdir(parents=True, exist_ok=True)
        _file(service, each).write_bytes(b"sound")
    return made


async def _erased(service: Service, wanted: int) -> dict[str, str]:
    """The states of all, once so many are erased."""
    db = _base(service)
    await db.open()
    async with db.read() as conn:
        states = {row.id: row.state for row in await conn.execute(select(recording.c.id, recording.c.state))}
    await db.close()
    return states if list(states.values()).count("erased") == wanted else {}


async def _told(service: Service, wanted: int) -> bool:
    """Whether the log says how many."""
    lines = [line for line in service.log.splitlines() if "recordings whose time was over" in line]
    return any(f'"count": {wanted}' in line for line in lines)


def _base(service: Service) -> Database:
    return Database(f"sqlite+aiosqlite:///{service.folder / 'ahize.db'}")


def _file(service: Service, wanted: str) -> Path:
    return service.folder / "recordings" / wanted[:6] / f"{wanted}.ahr"
