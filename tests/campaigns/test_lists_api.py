"""Lists through the doors: uploads as they come, good and hostile."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from doors import Doors
from httpx import AsyncClient, Response
from small_campaign import Setting
from sqlalchemy import func, select
from turkish_list import make

from campaigns.lists.imports import Imports
from campaigns.lists.models import call_list, lead
from identity.roles.rights import Role

API = "/api/v1"
ONE = "Telefon;Ad\n05321005001;Deneme Kişi\n".encode()


@pytest.fixture
async def manager(doors: Doors, setting: Setting) -> AsyncClient:
    return await doors.new(Role.MANAGER, setting.project)


async def send(
    manager: AsyncClient,
    setting: Setting,
    content: bytes,
    called: str = "liste.csv",
    key: str | None = None,
    **data: str,
) -> Response:
    headers = {} if key is None else {"Idempotency-Key": key}
    files = {"file": (called, content, "text/csv")}
    data = {"campaign": setting.campaign, **data}
    return await manager.post(f"{API}/lists", data=data, files=files, headers=headers)


async def done(manager: AsyncClient, answer: Response) -> dict[str, Any]:
    assert answer.status_code == 202, answer.text
    async with asyncio.timeout(60):
        while (found := (await manager.get(answer.headers["location"])).json())["state"] not in ("done", "failed"):
            await asyncio.sleep(0.02)
    return found


async def kept(setting: Setting, imports: Imports) -> tuple[int, int, int]:
    """What there is of lists, leads and files."""
    async with setting.db.read() as conn:
        lists = (await conn.execute(select(func.count()).select_from(call_list))).scalar_one()
        leads = (await conn.execute(select(func.count()).select_from(lead))).scalar_one()
    return lists, leads, len(list(imports.folder.glob("*")))


async def test_an_uploaded_list_is_read_row_by_row(manager: AsyncClient, setting: Setting):
    made = make(300)

    found = await done(manager, await send(manager, setting, made.content, "Müşteri listesi.csv", name="Haziran"))

    assert (found["state"], found["name"], found["file_name"]) == ("done", "Haziran", "Müşteri listesi.csv")
    counts = found["counts"]
    assert (counts["accepted"], counts["duplicate"], counts["refused"]) == (made.accepted, made.duplicate, made.refused)
    assert found["mapping"]["number"] == ["Telefon"]
    assert (found["mapping"]["encoding"], found["mapping"]["delimiter"]) == ("cp1254", ";")


async def test_rows_are_read_in_pages_and_by_verdict_and_never_show_a_number(manager: AsyncClient, setting: Setting):
    made = make(200)
    found = await done(manager, await send(manager, setting, made.content))
    path = f"{API}/lists/{found['id']}/rows"

    rows: list[dict[str, Any]] = []
    cursor: int | None = 0
    while cursor is not None:
        page = (await manager.get(path, params={"cursor": cursor, "limit": 60})).json()
        rows, cursor = rows + page["items"], page["next_cursor"]

    refused = (await manager.get(path, params={"verdict": "refused", "limit": 500})).json()["items"]
    assert [row["row"] for row in rows] == list(range(2, 202))
    assert refused == [row for row in rows if row["verdict"] == "refused"]
    assert len(refused) == made.refused
    assert all(row["message"] for row in rows if row["code"])
    shown = "".join(row["number_masked"] for row in rows).replace(" ", "")
    assert "100000" not in shown
    assert "•" in shown


async def test_the_same_key_gives_the_same_list(manager: AsyncClient, setting: Setting, imports: Imports):
    first = await send(manager, setting, ONE, key="k-1")
    again = await send(manager, setting, ONE, key="k-1")
    other = await send(manager, setting, ONE + b"05321005002;x\n", key="k-1")

    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json()["id"] == again.json()["id"]
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    await done(manager, first)
    assert await kept(setting, imports) == (1, 1, 0)


async def test_a_mapping_can_be_given(manager: AsyncClient, setting: Setting):
    content = b"A;B;C\n05321005001;02121005001;Deneme\n"

    answer = await send(manager, setting, content, mapping=json.dumps({"number": "A", "name": ["C"]}))

    mapping = (await done(manager, answer))["mapping"]
    assert (mapping["number"], mapping["name"], mapping["fields"]) == (["A"], ["C"], ["B"])


NO_LISTS = {
    **{"empty.csv": "empty", "header_only.csv": "no_rows", "png_as_csv.csv": "not_text"},
    **{"ok.xlsx": "save_as_csv", "bomb_200MB.xlsx": "save_as_csv", "truncated.xlsx": "save_as_csv"},
    "zip_bomb_plan.txt": "no_number_column",
}


async def test_a_file_that_is_no_list_is_refused_and_nothing_is_kept(
    manager: AsyncClient, setting: Setting, imports: Imports, material: Path
):
    for name, code in NO_LISTS.items():
        answer = await send(manager, setting, (material / "hostile-uploads" / name).read_bytes(), name)
        assert (answer.status_code, answer.json()["code"]) == (422, code), name
        assert answer.headers["content-type"] == "application/problem+json"

    assert await kept(setting, imports) == (0, 0, 0)


ODD_LISTS = (
    *("cp1251.csv", "cr_only.csv", "mixed_encoding.csv", "no_header.csv", "utf16le.csv", "blns_names.csv"),
    *("sip_header_injection.csv", "phones_odd.csv", "csv_as_xlsx.xlsx"),
)


async def test_odd_lists_are_taken_with_a_verdict_for_every_row(manager: AsyncClient, setting: Setting, material: Path):
    for name in ODD_LISTS:
        content = (material / "hostile-uploads" / name).read_bytes()

        found = await done(manager, await send(manager, setting, content, name, country="DE"))

        counts = found["counts"]
        assert found["state"] == "done", name
        assert counts["accepted"] + counts["duplicate"] + counts["refused"] == counts["total"] > 0, name


WRONG_PARTS: list[tuple[dict[str, str], int]] = [
    ({"campaign": "f" * 32}, 404),
    ({"campaign": "x"}, 404),
    ({"campaign": "\u0000"}, 404),
    ({"country": "Türkiye"}, 422),
    ({"mapping": "{"}, 422),
    ({"mapping": "[" * 50_000}, 422),
    ({"mapping": '{"number": "Yok"}'}, 422),
    ({"name": "a\nb"}, 422),
    ({"owner": "me"}, 422),
    ({"name": "x" * 100_000}, 413),
]


async def test_wrong_parts_are_refused_and_nothing_is_kept(manager: AsyncClient, setting: Setting, imports: Imports):
    for data, status in WRONG_PARTS:
        answer = await send(manager, setting, ONE, **data)
        assert answer.status_code == status, (data, answer.text)

    assert await kept(setting, imports) == (0, 0, 0)


async def test_a_list_over_the_limit_is_cut_off(manager: AsyncClient, setting: Setting, imports: Imports):
    line = b"05321005001;x\n"

    async def endless() -> AsyncIterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="l.csv"\r\n\r\nTelefon;Ad\n'
        while True:
            yield line * 5000

    answer = await manager.post(
        f"{API}/lists", content=endless(), headers={"Content-Type": "multipart/form-data; boundary=b"}
    )

    assert answer.status_code == 413
    assert await kept(setting, imports) == (0, 0, 0)


FILE = b'--b\r\nContent-Disposition: form-data; name="file"; filename="l.csv"\r\n\r\n'
NOT_WHOLE: list[tuple[str, bytes]] = [
    ("application/json", b"{}"),
    ("multipart/form-data", b"--b--"),
    ("multipart/form-data; boundary=b", b"--c\r\n"),
    ("multipart/form-data; boundary=b", FILE + b"Telefon\n05321005001\n"),
    ("multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n1\r\n--b--\r\n'),
    ("multipart/form-data; boundary=b", FILE + b"Telefon\r\n" + FILE + b"Telefon\r\n--b--\r\n"),
    ("multipart/form-data; boundary=b", b""),
]


async def test_what_is_no_whole_upload_is_refused(manager: AsyncClient, setting: Setting, imports: Imports):
    for kind, body in NOT_WHOLE:
        answer = await manager.post(f"{API}/lists", content=body, headers={"Content-Type": kind})
        assert answer.status_code in (415, 422), body

    assert await kept(setting, imports) == (0, 0, 0)


NAMES = ("../../etc/passwd", "..\\..\\boot.ini", "/abs/olute.csv", 'a"; filename="b', "\u202egpj.csv", "x" * 1000)


async def test_a_files_name_leads_nowhere(manager: AsyncClient, setting: Setting, imports: Imports):
    for name in NAMES:
        answer = await send(manager, setting, ONE, name)

        shown = answer.json()["file_name"]
        assert answer.status_code == 202
        assert not {"/", "\\"} & set(shown)
        assert len(shown) <= 200
        await done(manager, answer)


async def test_the_database_holds_no_number_and_no_name(
    manager: AsyncClient, setting: Setting, tmp_path: Path, store_url: str
):
    if not store_url.startswith("sqlite"):
        return
    content = "Telefon;Ad;Not\n05321234567;Kanarya Sarısı;gizlinot\nKanaryaYok 0532 7654321;x;y\n".encode()

    await done(manager, await send(manager, setting, content))

    for file in files_under(tmp_path):
        held = file.read_bytes()
        for secret in ("5321234567", "Kanarya", "gizlinot", "7654321", "KANARYA"):
            assert secret.encode() not in held, (file.name, secret)


def files_under(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file()]


async def test_foreign_lists_are_not_there(doors: Doors, manager: AsyncClient, setting: Setting):
    found = await done(manager, await send(manager, setting, ONE))
    stranger = await doors.new(Role.MANAGER, await setting.new_project())

    answers = [
        await stranger.get(f"{API}/lists/{found['id']}"),
        await stranger.get(f"{API}/lists/{found['id']}/rows"),
        await stranger.get(f"{API}/lists", params={"campaign": setting.campaign}),
        await send(stranger, setting, ONE),
    ]

    assert [answer.status_code for answer in answers] == [404] * 4
    assert (await stranger.get(f"{API}/lists")).json() == []
    assert [each["id"] for each in (await manager.get(f"{API}/lists")).json()] == [found["id"]]


INJECTIONS = ("' OR '1'='1", "1; DROP TABLE lead", '"', "\u0000", "%27", "accepted' --", "9" * 40, "-1", "[]", "{}")


async def test_query_parameters_are_values_and_nothing_else(manager: AsyncClient, setting: Setting):
    paths = {"campaign": "lists", "project": "campaigns"}

    for parameter in ("verdict", "cursor", "limit", "campaign", "project"):
        path = paths.get(parameter, f"lists/{setting.campaign}/rows")
        for value in INJECTIONS:
            answer = await manager.get(f"{API}/{path}", params={parameter: value})
            assert answer.status_code in (400, 404, 422), (parameter, value)
