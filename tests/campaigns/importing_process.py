"""Imports what waits in a process of its own, stops in the middle of a write, says so, and waits to be killed.

Arguments: database URL, folder, and where to stop: a number of rows, or "end" for the last write of all.
"""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from campaigns.lists import imports
from kit.clock import ManualClock
from kit.db import Database
from kit.seal import MasterKey

write, finish = imports.write, imports._finish


async def stop() -> None:
    print("there", flush=True)
    await asyncio.sleep(60)


async def write_until(tx: Any, **given: Any) -> None:
    await write(tx, **given)
    if sys.argv[3] != "end" and given["counts"]["rows"] > int(sys.argv[3]):
        await stop()


async def finish_never(tx: Any, *given: Any) -> None:
    await finish(tx, *given)
    await stop()


async def main(url: str, folder: str) -> None:
    imports.write, imports._finish = write_until, finish_never
    database = Database(url)
    await database.open()
    clock = ManualClock(datetime(2026, 6, 1, 9, 0, tzinfo=UTC))
    await imports.Imports(database, MasterKey(bytes(range(32))), Path(folder), clock).start()
    await asyncio.sleep(60)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
