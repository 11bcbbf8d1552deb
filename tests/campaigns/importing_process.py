"""Imports what waits, in a process of its own that a test can kill: database URL, folder."""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

from campaigns.lists.imports import Imports
from kit.clock import ManualClock
from kit.db import Database
from kit.seal import MasterKey


async def main(url: str, folder: str) -> None:
    database = Database(url)
    await database.open()
    clock = ManualClock(datetime(2026, 6, 1, 9, 0, tzinfo=UTC))
    await Imports(database, MasterKey(bytes(range(32))), Path(folder), clock).start()
    await asyncio.sleep(60)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
