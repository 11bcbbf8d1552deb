"""Recordings as the engine sees them (port `dialer.ports.Recordings`): a file for the sound, a row for all else."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime
from itertools import chain, repeat
from pathlib import Path

from sqlalchemy import insert, update

from desk.recordings.models import KEPT, RECORDING, SHORTENED, recording
from desk.recordings.service import close_lost, key_context
from desk.recordings.shelf import Shelf, Tape, Written
from dialer import shapes
from kit import ids, log
from kit.clock import Clock
from kit.db import Database, Tx
from kit.seal import Seal
from kit.tasks import Tasks

_log = log.get("desk.recordings")
_KEY = 32
_AGAIN_S = (0.2, 1.0, 5.0)
_CLOSE_S = 5.0


class StoredRecordings:
    """Runs from `start` to `close`. `spare`: bytes that are to stay free on the disk."""

    def __init__(self, db: Database, seal: Seal, folder: Path, clock: Clock, spare: int = 0) -> None:
        self._db, self._seal, self._clock = db, seal, clock
        self.shelf = Shelf(folder, spare=spare)
        self._tasks = Tasks()
        self._open: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Close what an earlier run left open, then take recordings."""
        await close_lost(self._db, self._seal, self.shelf.path_of)
        await asyncio.to_thread(self.shelf.start)

    async def close(self) -> None:
        """Wait until all that was recorded stands in its files and rows."""
        if self._open:
            _, late = await asyncio.wait(self._open, timeout=_CLOSE_S)
            if late:
                _log.error("recordings were not closed in time; the next start closes them", count=len(late))
        await self.shelf.close()
        await self._tasks.close()

    def open(self, call: shapes.RecordedCall) -> Tape:
        new, key = ids.new(), secrets.token_bytes(_KEY)
        tape = self.shelf.tape(new, key)
        row = {
            "id": new,
            "call": call.call,
            "project": call.project,
            "campaign": call.campaign,
            "operator": call.operator,
            "key_sealed": self._seal.seal(key, key_context(new)),
            "state": RECORDING,
            "started_at": self._clock.now(),
        }
        task = self._tasks.spawn(self._keep(row, tape), "recording")
        self._open.add(task)
        task.add_done_callback(self._open.discard)
        return tape

    def path_of(self, recording_id: str) -> Path:
        return self.shelf.path_of(recording_id)

    def trouble(self) -> shapes.Reason | None:
        code = self.shelf.trouble
        return None if code is None else shapes.Reason("recordings_stuck", {"cause": code})

    async def _keep(self, row: dict[str, str | bytes | datetime | None], tape: Tape) -> None:
        await self._until_stored(lambda tx: _execute(tx, insert(recording).values(row)))
        written = await tape.done
        ended = update(recording).where(recording.c.id == row["id"]).values(**_ended(written))
        await self._until_stored(lambda tx: _execute(tx, ended))

    async def _until_stored(self, work: Callable[[Tx], Awaitable[None]]) -> None:
        """Without its row a recording cannot be opened, so the store is asked until it takes it."""
        for pause in chain(_AGAIN_S, repeat(_AGAIN_S[-1])):
            try:
                await self._db.write(work)
                return
            except Exception:
                _log.exception("the row of a recording could not be written; it is tried again")
                await asyncio.sleep(pause)


async def _execute(tx: Tx, statement: object) -> None:
    await tx.conn.execute(statement)  # type: ignore[call-overload]


def _ended(written: Written) -> dict[str, object]:
    state = KEPT if written.reason is None else SHORTENED
    return {"state": state, "reason": written.reason, "seconds": written.seconds}
