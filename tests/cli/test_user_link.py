"""A command for people works on the database that is there; it never makes one in a wrong folder."""

import os
import re
from pathlib import Path

import pytest
import yaml
from sqlalchemy import select, update

from cli import store, upkeep
from identity.login.service import first_link
from identity.users.models import user
from kit import keyring
from kit.clock import SystemClock
from kit.db import Database
from kit.seal import MasterKey, MasterKeyError, Seal
from kit.settings import SettingsError
from kit.store import StoreError


def written(folder: Path, url: str | None = None) -> Path:
    """Settings of a service whose data is in `folder`."""
    settings = {
        "database": {"url": url or f"sqlite+aiosqlite:///{folder / 'var' / 'ahize.db'}"},
        "keys": {"master_key_file": str(folder / "var" / "master.key")},
        "trunks": [{"name": "pbx", "host": "127.0.0.1"}],
    }
    file = folder / "config.yaml"
    file.write_text(yaml.safe_dump(settings))
    return file


async def began(folder: Path, url: str | None = None) -> Path:
    """The same after the first start of the service."""
    file = written(folder, url)
    master, clock = MasterKey.load(folder / "var" / "master.key"), SystemClock()
    async with store.opened(yaml.safe_load(file.read_text())["database"]["url"]) as db:
        await db.write(lambda tx: keyring.belongs(tx, master, clock.now()))
        await first_link(db, Seal(master))
    return file


async def test_a_link_is_printed_for_somebody_who_is_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    file = await began(tmp_path)
    capsys.readouterr()

    await upkeep.link(file, "Admin")

    assert re.fullmatch(r"http://127\.0\.0\.1:8080/link#\S+\n", capsys.readouterr().out)


async def test_a_lost_phone_takes_the_second_factor_away(tmp_path: Path):
    file = await began(tmp_path)
    db = Database(yaml.safe_load(file.read_text())["database"]["url"])
    await db.open()
    since = update(user).values(totp_since=SystemClock().now())
    await db.write(lambda tx: tx.conn.execute(since))

    await upkeep.link(file, "admin")
    async with db.read() as conn:
        kept = await conn.scalar(select(user.c.totp_since))
    await upkeep.link(file, "admin", lost_phone=True)
    async with db.read() as conn:
        taken = await conn.scalar(select(user.c.totp_since))
    await db.close()

    assert kept is not None
    assert taken is None


async def test_in_a_wrong_folder_it_says_where_it_looked_and_makes_nothing(tmp_path: Path):
    file = written(tmp_path)

    with pytest.raises(store.NoDatabase, match=rf"no database at {tmp_path}/var/ahize\.db: run this in the folder"):
        await upkeep.link(file, "admin")

    assert os.listdir(tmp_path) == ["config.yaml"]


async def test_a_lost_master_key_is_not_replaced_by_a_new_one(tmp_path: Path):
    file = await began(tmp_path)
    (tmp_path / "var" / "master.key").unlink()

    with pytest.raises(MasterKeyError, match=rf"no master key at {tmp_path}/var/master\.key: put it back"):
        await upkeep.link(file, "admin")

    assert not (tmp_path / "var" / "master.key").exists()


async def test_another_master_key_gives_no_link(tmp_path: Path):
    file = await began(tmp_path)
    (tmp_path / "var" / "master.key").write_text("00" * 32)

    with pytest.raises(MasterKeyError, match="sealed with another master key"):
        await upkeep.link(file, "admin")


async def test_older_tables_are_not_renewed_behind_a_running_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file = await began(tmp_path)
    monkeypatch.setattr("migrations.run.newest", lambda: "9999")

    with pytest.raises(StoreError, match=r"stands at version \d+, this program works with 9999: .*ahize migrate"):
        await upkeep.link(file, "admin")


@pytest.mark.postgres
async def test_a_server_without_tables_is_left_empty(tmp_path: Path, empty_base: str):
    with pytest.raises(store.NoDatabase, match=r"no tables of Ahize: see database\.url"):
        await upkeep.link(written(tmp_path, empty_base), "admin")


async def test_where_there_are_no_settings_it_says_where_it_looked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)

    with pytest.raises(
        SettingsError, match=rf"{tmp_path}/config\.yaml cannot be read .*name the right file by --config"
    ):
        await upkeep.link(Path("config.yaml"), "admin")

    assert os.listdir(tmp_path) == []
