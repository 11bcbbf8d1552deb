"""A connection to SQLite that needs one thread hop a statement.

The driver runs each step of a cursor (make, execute, fetch, close) in its thread, four waits for one
statement; a wait costs about 0.3 ms on a small machine. Here a statement and its rows are one step.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, Self

from aiosqlite import Connection

_CHUNK = 64


class _Cursor:
    """Executes and fetches in one step; the rows wait here."""

    arraysize = 1

    def __init__(self, connection: "OneHopConnection") -> None:
        self._connection = connection
        self._rows: list[Any] = []
        self.description: Sequence[Any] | None = None
        self.rowcount = -1
        self.lastrowid: int | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def execute(self, sql: str, parameters: Iterable[Any] = ()) -> Self:
        self._keep(await self._connection.step(_one, sql, parameters))
        return self

    async def executemany(self, sql: str, parameters: Iterable[Iterable[Any]]) -> Self:
        self._keep(await self._connection.step(_many, sql, parameters))
        return self

    def _keep(self, result: tuple[sqlite3.Cursor, list[Any]]) -> None:
        cursor, self._rows = result
        self.description, self.rowcount, self.lastrowid = cursor.description, cursor.rowcount, cursor.lastrowid

    async def fetchone(self) -> Any:
        return self._rows.pop(0) if self._rows else None

    async def fetchmany(self, size: int | None = None) -> list[Any]:
        count = size or self.arraysize
        taken, self._rows = self._rows[:count], self._rows[count:]
        return taken

    async def fetchall(self) -> list[Any]:
        taken, self._rows = self._rows, []
        return taken

    async def close(self) -> None:
        self._rows = []


class OneHopConnection(Connection):
    """The driver's connection with the short cursor."""

    def cursor(self) -> Any:
        return _Cursor(self)

    async def step(self, function: Any, *arguments: Any) -> Any:
        """Run `function(connection, *arguments)` in the connection's thread."""
        return await self._execute(lambda: function(self._conn, *arguments))  # pyright: ignore[reportUnknownMemberType]


def _one(connection: sqlite3.Connection, sql: str, parameters: Any) -> tuple[sqlite3.Cursor, list[Any]]:
    cursor = connection.execute(sql, parameters)
    return cursor, cursor.fetchall() if cursor.description else []


def _many(connection: sqlite3.Connection, sql: str, parameters: Any) -> tuple[sqlite3.Cursor, list[Any]]:
    return connection.executemany(sql, parameters), []


def connect(database: str, **options: Any) -> OneHopConnection:
    """What SQLAlchemy asks for a connection."""
    made = OneHopConnection(lambda: sqlite3.connect(database, **options), _CHUNK)
    made._thread.daemon = True  # pyright: ignore[reportPrivateUsage]
    return made
