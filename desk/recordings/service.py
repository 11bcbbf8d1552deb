"""What happens to recordings: found, opened for those who may hear them, closed after a crash."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import RowMapping, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.recordings import sealed, wav
from desk.recordings.errors import Damaged, NothingRecorded
from desk.recordings.models import recording
from kit.db import Database
from kit.errors import NotFound
from kit.seal import Seal, SealError

RECORDING, KEPT, SHORTENED, LOST = "recording", "kept", "shortened", "lost"
"""States: being written; whole; something is missing, see the reason; nothing is left."""
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
    """A WAV file: `size` bytes in `pieces`."""

    size: int
    pieces: Iterator[bytes]


def opened(row: RowMapping, seal: Seal, path: Path) -> Sound:
    """The whole recording, checked before the first byte is given. Blocks. Raises NothingRecorded, Damaged."""
    if row["state"] not in (KEPT, SHORTENED):
        raise NothingRecorded
    try:
        key = seal.open_bytes(row["key_sealed"], key_context(row["id"]))
        held = sealed.contents(path, row["id"], key)
    except (SealError, OSError) as error:
        raise Damaged from error
    if held.samples != round(row["seconds"] * sealed.RATE) or (row["state"] == KEPT and not held.whole):
        raise Damaged
    return Sound(wav.HEAD + held.samples * sealed.SIDES, _wav(held, path, row["id"], key))


def _wav(held: sealed.Contents, path: Path, wanted: str, key: bytes) -> Iterator[bytes]:
    yield wav.head(held.law, held.samples)
    yield from sealed.sound(path, wanted, key)


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
