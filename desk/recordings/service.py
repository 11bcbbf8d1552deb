"""What happens to recordings: found, opened for those who may hear them, held, closed after a crash."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import RowMapping, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.recordings import sealed, wav
from desk.recordings.errors import Damaged, NothingRecorded
from desk.recordings.models import ERASED, ERASING, KEPT, LOST, RECORDING, SHORTENED, recording
from identity.audit import service as audit
from kit.db import Database, Tx
from kit.errors import NotFound
from kit.seal import Seal, SealError

SERVICE_DIED, NO_FILE, NOTHING_WRITTEN, UNREADABLE = "service_died", "no_file", "nothing_written", "unreadable"

PathOf = Callable[[str], Path]


def key_context(recording_id: str) -> str:
    return f"recording.key:{recording_id}"


async def find(conn: AsyncConnection, wanted: str) -> RowMapping:
    """Raises NotFound."""
    row = (await conn.execute(select(recording).where(recording.c.id == wanted))).mappings().one_or_none()
    if row is None:
        raise NotFound
    return row


async def of_call(conn: AsyncConnection, call: str) -> Sequence[RowMapping]:
    """A call's recordings, oldest first."""
    found = select(recording).where(recording.c.call == call).order_by(recording.c.id)
    return (await conn.execute(found)).mappings().all()


# ---------------------------------------------------------------- to be heard


@dataclass(frozen=True, slots=True)
class Sound:
    """A WAV file: `size` bytes. `growing`: the call is on, and there will be more."""

    size: int
    growing: bool
    _pieces: Iterator[bytes]

    def part(self, start: int, end: int) -> Iterator[bytes]:
        """Its bytes from `start` up to `end`, which is left out. To be asked once. Blocks at each piece."""
        at = 0
        for piece in self._pieces:
            some = piece[max(0, start - at) : max(0, end - at)]
            at += len(piece)
            if some:
                yield some
            if at >= end:
                return


def opened(row: RowMapping, seal: Seal, path: Path) -> Sound:
    """The recording, checked before the first byte is given; of a call that is on, what stands in the file already.

    Blocks. Raises NothingRecorded, Damaged.
    """
    growing = row["state"] == RECORDING
    if not growing and row["state"] not in (KEPT, SHORTENED):
        raise NothingRecorded
    try:
        key = seal.open_bytes(row["key_sealed"], key_context(row["id"]))
        held = sealed.contents(path, row["id"], key)
    except FileNotFoundError as error:
        raise (NothingRecorded if growing else Damaged) from error
    except (SealError, OSError) as error:
        raise Damaged from error
    if not growing and not _as_the_row_says(held, row):
        raise Damaged
    return Sound(wav.HEAD + held.samples * sealed.SIDES, growing, _wav(held, path, row["id"], key))


def _as_the_row_says(held: sealed.Contents, row: RowMapping) -> bool:
    return held.samples == round(row["seconds"] * sealed.RATE) and (row["state"] != KEPT or held.whole)


def _wav(held: sealed.Contents, path: Path, wanted: str, key: bytes) -> Iterator[bytes]:
    yield wav.head(held.law, held.samples)
    yield from sealed.sound(path, wanted, key)


# ---------------------------------------------------------------- kept whatever its age


async def hold(tx: Tx, wanted: str, actor: str, now: datetime) -> None:
    """Keep it until it is released. Twice is fine. Raises NothingRecorded when it is erased already."""
    row = await find(tx.conn, wanted)
    free = update(recording).where(recording.c.id == wanted, recording.c.held_at.is_(None))
    done = await tx.conn.execute(free.where(recording.c.state.not_in((ERASING, ERASED))).values(held_at=now))
    if done.rowcount:
        await audit.record(tx, actor, "recording.held", wanted, row["project"], {"call": row["call"]}, now)
    elif row["held_at"] is None:
        raise NothingRecorded


async def release(tx: Tx, wanted: str, actor: str, now: datetime) -> None:
    """Let it grow old again. Twice is fine."""
    row = await find(tx.conn, wanted)
    held = update(recording).where(recording.c.id == wanted, recording.c.held_at.is_not(None))
    if (await tx.conn.execute(held.values(held_at=None))).rowcount:
        await audit.record(tx, actor, "recording.released", wanted, row["project"], {"call": row["call"]}, now)


# ---------------------------------------------------------------- after a crash


async def close_lost(db: Database, seal: Seal, path_of: PathOf) -> int:
    """Close what a stopped service left open: what stands in the file is kept, the rest is said. Gives their number."""
    async with db.read() as conn:
        found = select(recording.c.id, recording.c.key_sealed).where(recording.c.state == RECORDING)
        left = (await conn.execute(found)).all()
    for row in left:
        values = await asyncio.to_thread(_left_behind, row.id, row.key_sealed, seal, path_of(row.id))
        ended = update(recording).where(recording.c.id == row.id).values(**values)
        await db.write(lambda tx, ended=ended: tx.conn.execute(ended))
    return len(left)


def _left_behind(wanted: str, key_sealed: bytes, seal: Seal, path: Path) -> dict[str, object]:
    try:
        held = sealed.contents(path, wanted, seal.open_bytes(key_sealed, key_context(wanted)))
    except FileNotFoundError:
        return {"state": LOST, "reason": NO_FILE, "seconds": 0.0}
    except (SealError, OSError):
        return {"state": LOST, "reason": UNREADABLE, "seconds": 0.0}
    if not held.samples:
        return {"state": LOST, "reason": NOTHING_WRITTEN, "seconds": 0.0}
    state = {"state": KEPT, "reason": None} if held.whole else {"state": SHORTENED, "reason": SERVICE_DIED}
    return {**state, "seconds": held.samples / sealed.RATE}
