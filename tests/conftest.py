"""What every room's tests share: a database on each store, a clock, a seal, and the test material."""

import os
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import hypothesis  # noqa: F401  late, after greenlets ran, CPython 3.11 may fail to compile it
import postgres
import pytest
from sqlalchemy import delete

from kit.clock import ManualClock
from kit.db import Database, Tx, metadata
from kit.seal import MasterKey, Seal

STORES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a PostgreSQL server; skips where there is none."""
    with postgres.server() as url:
        if url is None:
            pytest.skip(postgres.MISSING)
        yield url


@pytest.fixture(scope="session")
def shared_postgres(postgres_server: str) -> Iterator[str]:
    """One base for the tests of this process: to make one for each takes longer than the tests."""
    with postgres.own_database(postgres_server, f"ahize_test_{uuid.uuid4().hex}") as url:
        yield url


@pytest.fixture(params=STORES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A base without a table on each store, of the test's own: for migrations and the like."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path / 'ahize.db'}"
        return
    server = request.getfixturevalue("postgres_server")
    with postgres.own_database(server, f"ahize_test_{uuid.uuid4().hex}") as url:
        yield url


@pytest.fixture(params=STORES)
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The base that `database` opens on each store."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'ahize.db'}"
    return request.getfixturevalue("shared_postgres")


@pytest.fixture
async def database(store_url: str) -> AsyncIterator[Database]:
    """An open database with every table of the rooms that the tests import, all of them empty."""
    opened = Database(store_url)
    await opened.open()
    await opened.create_all()
    await opened.write(_emptied)
    yield opened
    await opened.close()


async def _emptied(tx: Tx) -> None:
    for table in reversed(metadata.sorted_tables):
        await tx.conn.execute(delete(table))


@pytest.fixture
def clock() -> ManualClock:
    """A Monday morning in summer, which moves only when told to."""
    return ManualClock(datetime(2026, 6, 1, 9, 0, tzinfo=UTC))


@pytest.fixture(scope="session")
def seal() -> Seal:
    return Seal(MasterKey(bytes(range(32))))


@pytest.fixture(scope="session")
def material() -> Path:
    """The folder of test material that TEST_MATERIAL names; skips where there is none."""
    named = os.environ.get("TEST_MATERIAL")
    if not named:
        pytest.skip("no test material: set TEST_MATERIAL to its folder")
    folder = Path(named).resolve()
    if not folder.is_dir():
        pytest.fail(f"TEST_MATERIAL names {named}, which is no folder")
    return folder


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in so many words what this machine could not run."""
    reasons = Counter(
        str(report.longrepr[2]).removeprefix("Skipped: ") if isinstance(report.longrepr, tuple) else "skipped"
        for report in terminalreporter.stats.get("skipped", [])
    )
    if reasons:
        terminalreporter.section("NOT RUN ON THIS MACHINE", sep="!", red=True)
        for reason, count in reasons.most_common():
            terminalreporter.line(f"{count:5d} tests: {reason}")
