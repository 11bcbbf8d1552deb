"""Lists from the stored file to leads, through the real worker process, on both stores."""

import asyncio
import json
import os
import signal
import sys
import time
from pathlib import Path

import pytest
from small_campaign import Setting, number_of
from sqlalchemy import func, select
from turkish_list import make

from campaigns.lists import service
from campaigns.lists.imports import Imports
from campaigns.lists.models import call_list, lead, list_row
from campaigns.lists.parsing import Source
from campaigns.lists.schemas import ListFields
from campaigns.lists.sealedfile import SealedWriter
from campaigns.lists.upload import Upload
from contacts import sealing
from contacts.dnc import service as dnc
from contacts.numbers.models import number
from contacts.persons.models import person
from kit import ids
from kit.clock import ManualClock
from kit.db import Database
from kit.event import event
from kit.seal import MasterKey

MASTER = MasterKey(bytes(range(32)))


async def store(imports: Imports, setting: Setting, content: bytes) -> str:
    """What the door does with an upload."""
    new = ids.new()
    writer = SealedWriter(imports.path_of(new), setting.seal, new)
    writer.write(content)
    writer.finish()
    plan = await imports.parser.inspect(Source(imports.path_of(new), new, "TR", frozenset({"TR"})), None)
    upload = Upload({}, "liste.csv", len(content), bytes(32))
    fields = ListFields(campaign=setting.campaign)
    at = setting.clock.now()
    await setting.db.write(
        lambda tx: service.create(tx, new, upload, fields, setting.project, "TR", plan, "u" * 32, at)
    )
    return new


async def finished(setting: Setting, wanted: str, timeout_s: float = 60):
    async with asyncio.timeout(timeout_s):
        while True:
            async with setting.db.read() as conn:
                row = await service.find(conn, wanted)
            if row["state"] in ("done", "failed"):
                return row
            await asyncio.sleep(0.02)


async def imported(imports: Imports, setting: Setting, content: bytes):
    wanted = await store(imports, setting, content)
    imports.submit()
    return await finished(setting, wanted)


async def count(db: Database, table, *where) -> int:
    async with db.read() as conn:
        return (await conn.execute(select(func.count()).select_from(table).where(*where))).scalar_one()


def tally(row) -> tuple[int, int, int]:
    counts = row["counts"]
    assert counts["accepted"] + counts["duplicate"] + counts["refused"] == counts["rows"] == counts["total"]
    return counts["accepted"], counts["duplicate"], counts["refused"]


async def test_a_turkish_list_of_some_hundred_rows(imports: Imports, setting: Setting):
    made = make(600)

    row = await imported(imports, setting, made.content)

    assert row["state"] == "done"
    assert tally(row) == (made.accepted, made.duplicate, made.refused)
    assert row["mapping"]["plan"]["encoding"] == "cp1254"
    assert row["mapping"]["columns"]["name"] == ["Ad Soyad"]
    assert await count(setting.db, list_row) == made.rows
    assert await count(setting.db, lead) == await count(setting.db, person) == made.accepted
    assert not imports.path_of(row["id"]).exists()


async def test_names_and_fields_are_sealed_and_come_out_as_they_were(imports: Imports, setting: Setting):
    content = "Müşteri No;Ad Soyad;Telefon;Şehir\n17;Şükrü Ağaçoğlu;0532 100 50 01;Iğdır\n".encode("cp1254")

    await imported(imports, setting, content)

    (taken,) = await setting.reserve()
    row = await setting.lead(taken.id)
    async with setting.db.read() as conn:
        who = (await conn.execute(select(person))).one()
    assert taken.number == "+905321005001"
    assert setting.seal.open(who.name_sealed, sealing.NAME) == "Şükrü Ağaçoğlu"
    fields = json.loads(setting.seal.open(row.fields_sealed, sealing.FIELDS))
    assert fields == {"Müşteri No": "17", "Şehir": "Iğdır"}
    assert row.zones == ["Europe/Istanbul"]


async def test_each_row_says_what_became_of_it(imports: Imports, setting: Setting):
    await setting.add(number_of(4))
    digest = sealing.number_digest(setting.seal, number_of(3))
    sealed = setting.seal.seal(number_of(3), sealing.NUMBER)
    await setting.db.write(lambda tx: dnc.add_sealed(tx, setting.project, sealed, digest, setting.clock.now()))
    lines = ["Telefon;Ad", "05320000001;a", "+90 532 000 00 01;b", "05320000003;c", "05320000004;d", "yok;e", ";f"]

    row = await imported(imports, setting, "\n".join(lines).encode())

    async with setting.db.read() as conn:
        rows = await service.rows(conn, setting.seal, row["id"], None, 0, 100)
    assert [(each.row, each.verdict.value, each.code) for each in rows] == [
        (2, "accepted", None),
        (3, "duplicate", "in_list"),
        (4, "refused", "on_do_not_call"),
        (5, "duplicate", "in_campaign"),
        (6, "refused", "letters"),
        (7, "refused", "no_number"),
    ]
    assert rows[1].detail == {"row": 2}
    assert set(rows[3].detail) == {"list", "row"}
    assert all(each.message for each in rows[1:])
    assert not any("0000" in each.number_masked for each in rows)


async def test_a_known_person_is_found_again_in_another_campaign(imports: Imports, setting: Setting):
    await imported(imports, setting, b"Telefon;Ad\n05320000001;Ali Kaya\n05320000002;Can Kurt\n")
    setting.campaign = await setting.new_campaign(setting.project)

    await imported(imports, setting, b"Telefon;Ad\n05320000001;Ali KAYA\n05320000002;Can Yeni\n")

    assert await count(setting.db, person) == await count(setting.db, number) == 2
    assert await count(setting.db, lead) == 4
    async with setting.db.read() as conn:
        names = [setting.seal.open(sealed, sealing.NAME) for sealed in await conn.scalars(select(person.c.name_sealed))]
    assert sorted(names) == ["Ali Kaya", "Can Yeni"]


async def test_leads_outside_hours_wait_for_the_first_moment(imports: Imports, setting: Setting):
    await setting.set_campaign(hours={"tue": [["09:00", "20:00"]]})

    await imported(imports, setting, b"Telefon\n05320000001\n")

    assert await setting.reserve() == []
    counts = await setting.leads.waiting(setting.campaign, setting.clock.now())
    assert counts.next_at is not None
    assert counts.next_at.isoformat() == "2026-06-02T06:00:00+00:00"


async def test_progress_and_end_are_told(imports: Imports, setting: Setting):
    row = await imported(imports, setting, make(200).content)

    async with setting.db.read() as conn:
        told = (await conn.execute(select(event).where(event.c.subject == row["id"]).order_by(event.c.position))).all()
    assert told[-1].type == "ahize.list.done.v1"
    assert told[-1].topic == f"project:{setting.project}"
    assert told[-1].body["counts"]["rows"] == 200


# ---------------------------------------------------------------- interruptions


async def killed(imports: Imports, store_url: str, at: str) -> None:
    """Another process imports, and is killed in the middle of a write once it has come to `at`."""
    script = str(Path(__file__).with_name("importing_process.py"))
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, script, store_url, str(imports.folder), at),
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    assert child.stdout is not None
    async with asyncio.timeout(60):
        assert await child.stdout.readline() == b"there\n"
    os.killpg(child.pid, signal.SIGKILL)
    await child.wait()


async def counts_of_newest(setting: Setting) -> dict:
    async with setting.db.read() as conn:
        newest = select(call_list.c.counts).order_by(call_list.c.id.desc()).limit(1)
        return (await conn.execute(newest)).scalar_one()


@pytest.mark.parametrize("at", ["0", "300", "end"])
async def test_an_import_that_is_killed_goes_on_without_a_duplicate(
    database: Database, store_url: str, setting: Setting, clock: ManualClock, tmp_path: Path, at: str
):
    made, imports = make(600), Imports(database, MASTER, tmp_path / "uploads", clock)
    imports.folder.mkdir()
    wanted = await store(imports, setting, made.content)

    await killed(imports, store_url, at)
    before = await count(database, list_row)
    visible = await setting.reserve(5)
    await imports.start()
    row = await finished(setting, wanted)
    await imports.close()

    assert before == {"0": 0, "300": before, "end": made.rows}[at]
    assert visible == []
    assert row["state"] == "done"
    assert tally(row) == (made.accepted, made.duplicate, made.refused)
    assert await count(database, list_row) == made.rows
    assert await count(database, lead) == made.accepted


async def test_a_file_that_changed_on_disk_leaves_nothing_behind(
    database: Database, setting: Setting, clock: ManualClock, tmp_path: Path
):
    imports = Imports(database, MASTER, tmp_path / "uploads", clock)
    imports.folder.mkdir()
    wanted = await store(imports, setting, make(900).content)
    path = imports.path_of(wanted)
    path.write_bytes(path.read_bytes()[:-20])

    await imports.start()
    row = await finished(setting, wanted)
    await imports.close()

    assert row["state"] == "failed"
    assert row["problem"]["code"] == "seal"
    assert await count(database, list_row) == await count(database, lead) == 0
    assert not path.exists()


async def test_uploads_that_no_list_waits_for_are_swept_at_the_start(imports: Imports):
    left = imports.path_of(ids.new())
    left.write_bytes(b"x")

    await imports.start()

    assert not left.exists()


async def test_a_worker_that_dies_is_replaced(imports: Imports, setting: Setting):
    wanted = await store(imports, setting, make(300).content)
    for process in (imports.parser._pool._processes or {}).values():
        process.kill()
    imports.submit()

    row = await finished(setting, wanted)

    assert row["state"] == "done"


async def test_ctrl_c_at_the_terminal_is_no_matter_for_the_worker(imports: Imports, setting: Setting):
    await imports.parser.warm()
    (worker,) = (imports.parser._pool._processes or {}).values()

    os.kill(worker.pid, signal.SIGINT)
    wanted = await store(imports, setting, make(20).content)
    imports.submit()

    assert (await finished(setting, wanted))["state"] == "done"
    assert worker.is_alive()


async def test_attempts_go_first_while_a_list_is_written(imports: Imports, setting: Setting):
    await setting.add(*(number_of(i) for i in range(20)))
    wanted = await store(imports, setting, make(1200).content)
    imports.submit()
    slow: list[float] = []
    for taken in await setting.reserve(20):
        began = time.perf_counter()
        assert await setting.leads.begin(setting.start(taken))
        slow.append(time.perf_counter() - began)

    during = await counts_of_newest(setting)
    row = await finished(setting, wanted)

    assert during["rows"] < row["counts"]["rows"]
    assert sorted(slow)[len(slow) // 2] < 0.25  # far above what a slice takes, far below what the list does
