"""How long recordings are kept: once an hour those whose time is over are erased.

First the key is destroyed, by a commit that also writes the line of the audit trail; from then on nobody can hear the
file, wherever copies of it are. Then the file is taken away. A service that dies between the two goes on with the file.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import ColumnElement, and_, select, update

from campaigns.projects.models import project
from desk.recordings.models import ERASED, ERASING, MAY_GROW_OLD, recording
from desk.recordings.service import PathOf
from identity.audit import service as audit
from kit import log, metrics
from kit.clock import Clock
from kit.db import Database, Tx

_log = log.get("desk.recordings")
ERASURES = metrics.counter("recordings_erased", "Recordings that were erased because their time was over")

TOO_OLD = "too_old"
LOOK_S = 3600.0
_AT_ONCE = 200


class Keeping:
    """`usual_days`: for projects that name no time of their own; 0: for ever."""

    def __init__(self, db: Database, clock: Clock, path_of: PathOf, usual_days: int) -> None:
        self._db, self._clock, self._path_of, self._usual_days = db, clock, path_of, usual_days

    async def run(self) -> None:
        """For ever; a task of the service."""
        while True:
            try:
                await self.erase()
            except Exception:
                _log.exception("recordings whose time is over could not be erased; it is tried again in an hour")
            await asyncio.sleep(LOOK_S)

    async def erase(self) -> int:
        """Erase all whose time is over; gives how many files went."""
        now = self._clock.now()
        for wanted, days in await self._times():
            await self._destroy_keys(wanted, days, now)
        gone = await self._remove_files()
        if gone:
            ERASURES.inc(gone)
            _log.info("recordings whose time was over were erased", count=gone)
        return gone

    async def _times(self) -> Sequence[tuple[str, int]]:
        """Projects that do not keep recordings for ever, and for how many days they do."""
        async with self._db.read() as conn:
            rows = (await conn.execute(select(project.c.id, project.c.keep_days))).all()
        days = ((row.id, self._usual_days if row.keep_days is None else row.keep_days) for row in rows)
        return [(wanted, kept) for wanted, kept in days if kept > 0]

    async def _destroy_keys(self, wanted: str, days: int, now: datetime) -> None:
        old = _grown_old(wanted, now - timedelta(days=days))
        some = select(recording.c.id, recording.c.call).where(old).order_by(recording.c.started_at).limit(_AT_ONCE)
        while True:
            async with self._db.read() as conn:
                found = (await conn.execute(some)).all()
            if not found:
                return
            detail = {"keep_days": days}
            works = [_destroyed(row.id, wanted, {"call": row.call, **detail}, old, now) for row in found]
            await self._db.write_slices(works)

    async def _remove_files(self) -> int:
        """Of all whose keys are gone. A file that cannot be removed is tried again the next time."""
        gone, last = 0, ""
        while True:
            some = select(recording.c.id).where(recording.c.state == ERASING, recording.c.id > last)
            async with self._db.read() as conn:
                found = (await conn.execute(some.order_by(recording.c.id).limit(_AT_ONCE))).scalars().all()
            if not found:
                return gone
            removed = await asyncio.to_thread(_removed, [(each, self._path_of(each)) for each in found])
            erased = update(recording).where(recording.c.id.in_(removed)).values(state=ERASED)
            await self._db.write(partial(_execute, statement=erased))
            gone, last = gone + len(removed), found[-1]


def _grown_old(wanted: str, before: datetime) -> ColumnElement[bool]:
    """Recordings of a project that began before, which nobody holds (index `ix_recording_age`)."""
    return and_(recording.c.project == wanted, recording.c.started_at < before, MAY_GROW_OLD)


def _destroyed(
    wanted: str, of: str, detail: dict[str, str | int], old: ColumnElement[bool], now: datetime
) -> Callable[[Tx], Awaitable[None]]:
    gone = update(recording).where(recording.c.id == wanted, old)
    gone = gone.values(state=ERASING, reason=TOO_OLD, key_sealed=b"")

    async def work(tx: Tx) -> None:
        if (await tx.conn.execute(gone)).rowcount:  # else it is held since it was looked for
            await audit.record(tx, None, "recording.erased", wanted, of, detail, now)

    return work


async def _execute(tx: Tx, statement: object) -> None:
    await tx.conn.execute(statement)  # type: ignore[call-overload]


def _removed(files: Sequence[tuple[str, Path]]) -> list[str]:
    """Remove files; gives those that are not there any more. Blocks."""
    gone: list[str] = []
    for wanted, path in files:
        try:
            path.unlink(missing_ok=True)
        except OSError:
            _log.exception("the file of an erased recording could not be removed; it is tried again", recording=wanted)
            continue
        gone.append(wanted)
        with suppress(OSError):  # others are in it
            path.parent.rmdir()
    return gone
