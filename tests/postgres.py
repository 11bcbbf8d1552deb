"""A PostgreSQL server for the tests: the one that TEST_POSTGRES names, a local one, or a private one."""

import asyncio
import glob
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg

MISSING = (
    "no PostgreSQL: the storage tests run on SQLite alone. "
    "Install it (Debian: postgresql) or name a server in TEST_POSTGRES (postgresql+asyncpg://user@host:port/postgres)"
)
_LOCAL = "postgresql+asyncpg://postgres@127.0.0.1:5432/postgres"


@contextmanager
def server() -> Iterator[str | None]:
    """The URL of a server where databases may be made, or None."""
    named = os.environ.get("TEST_POSTGRES")
    if named:
        yield named
    elif _answers(_LOCAL):
        yield _LOCAL
    elif (binaries := _binaries()) is not None:
        with _private(binaries) as url:
            yield url
    else:
        yield None


def plain(url: str) -> str:
    """The URL as the driver alone takes it."""
    return url.replace("+asyncpg", "")


def _answers(url: str) -> bool:
    async def ask() -> bool:
        try:
            connection = await asyncpg.connect(plain(url), timeout=2)
        except (OSError, asyncpg.PostgresError, TimeoutError):
            return False
        await connection.close()
        return True

    return asyncio.run(ask())


def _binaries() -> Path | None:
    on_path = shutil.which("initdb")
    found = [Path(on_path).parent] if on_path else []
    found += [Path(place) for place in sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True)]
    return next((place for place in found if (place / "initdb").exists()), None)


def _user() -> str | None:
    """The server refuses to run as root, which can become its user."""
    if os.getuid() != 0:
        return None
    return "postgres" if any(entry.pw_name == "postgres" for entry in pwd.getpwall()) else "nobody"


@contextmanager
def _private(binaries: Path) -> Iterator[str]:
    user = _user()
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    if user is not None:
        os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
    data, port = folder / "data", _free_port()
    environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"}

    def run(*command: str) -> None:
        subprocess.run(command, user=user, cwd=folder, env=environment, check=True, capture_output=True, timeout=60)

    options = f"-p {port} -h 127.0.0.1 -k {folder} -c fsync=off"
    run(str(binaries / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
    run(str(binaries / "pg_ctl"), "-D", str(data), "-w", "-l", str(folder / "log"), "-o", options, "start")
    try:
        yield f"postgresql+asyncpg://postgres@127.0.0.1:{port}/postgres"
    finally:
        run(str(binaries / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def own_database(server_url: str, name: str) -> Iterator[str]:
    """A fresh database on the server, dropped afterwards."""
    base = server_url.rsplit("/", 1)[0]
    asyncio.run(_do(server_url, f'CREATE DATABASE "{name}"'))
    try:
        yield f"{base}/{name}"
    finally:
        asyncio.run(_do(server_url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))


async def _do(url: str, statement: str) -> None:
    connection = await asyncpg.connect(plain(url), timeout=10)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
