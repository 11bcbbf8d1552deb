"""Projects, their dispositions and do-not-call lists through the doors."""

from typing import Any

import pytest
from doors import Doors
from httpx import AsyncClient
from sqlalchemy import select

from identity.audit.models import audit
from identity.roles.rights import Role

API = "/api/v1"


@pytest.fixture
async def administrator(doors: Doors) -> AsyncClient:
    return await doors.new(Role.ADMINISTRATOR)


async def project(administrator: AsyncClient, **values: Any) -> dict[str, Any]:
    answer = await administrator.post(f"{API}/projects", json={"name": "Örnek Enerji", **values})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_new_project_is_turkish_and_has_the_usual_dispositions(administrator: AsyncClient):
    made = await project(administrator)

    assert (made["country"], made["zone"]) == ("TR", "Europe/Istanbul")
    found = (await administrator.get(f"{API}/projects/{made['id']}/dispositions")).json()
    assert [each["code"] for each in found][:3] == ["success", "refused", "callback"]
    assert len({each["key"] for each in found}) == len(found)
    refused = found[1]
    assert refused["needs_reason"]
    assert refused["reasons"][0]["label"] == {"tr": "Fiyat", "en": "Price"}


async def test_a_project_is_changed_in_what_is_named(administrator: AsyncClient):
    made = await project(administrator, greeting="welcome")

    answer = await administrator.patch(f"{API}/projects/{made['id']}", json={"name": "Yeni", "greeting": None})

    assert answer.json() == {**made, "name": "Yeni", "greeting": None}


async def test_a_change_of_a_project_is_in_the_audit_trail(doors: Doors, administrator: AsyncClient):
    made = await project(administrator)

    await administrator.patch(f"{API}/projects/{made['id']}", json={"keep_days": 1})

    async with doors.db.read() as conn:
        line = (await conn.execute(select(audit).where(audit.c.action == "project.changed"))).one()
    assert (line.project, line.subject, line.detail) == (made["id"], made["id"], {"keep_days": 1})
    assert line.actor is not None


async def test_a_name_and_a_number_belong_to_one_project(administrator: AsyncClient):
    await project(administrator, inbound_numbers=["+902121000000"])
    other = await project(administrator, name="Başka")

    assert (await administrator.post(f"{API}/projects", json={"name": "Başka"})).json()["code"] == "name_taken"
    for number in ("902121000000", "00902121000000"):
        answer = await administrator.patch(f"{API}/projects/{other['id']}", json={"inbound_numbers": [number]})
        assert (answer.status_code, answer.json()["code"]) == (409, "number_taken")


WRONG: list[dict[str, Any]] = [
    {"name": ""},
    {"name": "a\nb"},
    {"name": "a\u0000"},
    {"name": "x" * 121},
    {"country": "Türkiye"},
    {"country": "XX"},
    {"zone": "../../etc/passwd"},
    {"zone": "Istanbul"},
    {"inbound_numbers": ["sip:x"]},
    {"greeting": "../x"},
    {"owner": "me"},
]


async def test_wrong_projects_are_refused_by_field(administrator: AsyncClient):
    for wrong in WRONG:
        answer = await administrator.post(f"{API}/projects", json={"name": "Örnek", **wrong})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"].split(".")[1] == next(iter(wrong))


async def test_a_manager_sees_the_own_project_only(doors: Doors, administrator: AsyncClient):
    mine, other = await project(administrator), await project(administrator, name="Başka")
    manager = await doors.new(Role.MANAGER, mine["id"])

    assert [each["id"] for each in (await manager.get(f"{API}/projects")).json()] == [mine["id"]]
    assert (await manager.get(f"{API}/projects/{other['id']}")).status_code == 404
    for path in ("projects/x", "projects/" + "f" * 32, "projects/'"):
        assert (await manager.get(f"{API}/{path}")).status_code == 404


# ---------------------------------------------------------------- dispositions


def disposition(code: str, **values: Any) -> dict[str, Any]:
    return {"code": code, "label": {"tr": "Evet", "en": "Yes"}, **values}


async def test_dispositions_are_replaced_as_a_whole_in_their_order(administrator: AsyncClient):
    made = await project(administrator)
    items = [disposition("sold", key="1", flags=["success"]), disposition("later", key="2", retry_s=7200)]

    answer = await administrator.put(f"{API}/projects/{made['id']}/dispositions", json={"items": items})

    assert [each["code"] for each in answer.json()] == ["sold", "later"]
    assert answer.json()[1]["retry_s"] == 7200


async def test_wrong_dispositions_are_refused(administrator: AsyncClient):
    made = await project(administrator)
    wrong: list[list[dict[str, Any]]] = [
        [],
        [disposition("a"), disposition("a")],
        [disposition("a", key="1"), disposition("b", key="1")],
        [disposition("a", flags=["refusal"])],
        [disposition("a", flags=["sold"])],
        [disposition("A b")],
        [disposition("a", retry_s=0)],
    ]

    for items in wrong:
        answer = await administrator.put(f"{API}/projects/{made['id']}/dispositions", json={"items": items})
        assert answer.status_code == 422, items


async def test_a_refusal_always_needs_its_reason(administrator: AsyncClient):
    made = await project(administrator)
    reasons = [{"code": "price", "label": {"tr": "Fiyat", "en": "Price"}}]
    items = [disposition("no", flags=["refusal"], reasons=reasons)]

    answer = await administrator.put(f"{API}/projects/{made['id']}/dispositions", json={"items": items})

    assert answer.json()[0]["needs_reason"] is True


# ---------------------------------------------------------------- do not call


async def test_a_barred_number_is_shown_masked_once_and_can_be_allowed_again(administrator: AsyncClient):
    made = await project(administrator)
    path = f"{API}/projects/{made['id']}/dnc"

    for written in ("0532 100 50 01", "+905321005001"):
        answer = await administrator.post(path, json={"number": written, "reason": "asked by letter"})
        assert answer.status_code == 201

    (entry,) = (await administrator.get(path)).json()["items"]
    assert "0050" not in entry["number_masked"].replace(" ", "")
    assert (entry["reason"], entry["project"]) == ("asked by letter", made["id"])
    assert (await administrator.delete(f"{API}/dnc/{entry['id']}")).status_code == 204
    assert (await administrator.get(path)).json() == {"items": [], "next_cursor": None}


async def test_barring_everywhere_is_for_those_who_may_everywhere(doors: Doors, administrator: AsyncClient):
    mine, other = await project(administrator), await project(administrator, name="Başka")
    manager = await doors.new(Role.MANAGER, mine["id"])
    body = {"number": "05321005001", "everywhere": True}

    assert (await manager.post(f"{API}/projects/{mine['id']}/dnc", json=body)).status_code == 404
    answer = await administrator.post(f"{API}/projects/{mine['id']}/dnc", json=body)

    assert answer.json()["project"] is None
    assert len((await administrator.get(f"{API}/projects/{other['id']}/dnc")).json()["items"]) == 1
    assert (await manager.delete(f"{API}/dnc/{answer.json()['id']}")).status_code == 404


async def test_the_list_is_read_in_pages(administrator: AsyncClient):
    made = await project(administrator)
    path = f"{API}/projects/{made['id']}/dnc"
    for last in range(5):
        await administrator.post(path, json={"number": f"0532100500{last}"})

    first = (await administrator.get(path, params={"limit": 3})).json()
    second = (await administrator.get(path, params={"limit": 3, "cursor": first["next_cursor"]})).json()

    assert len({each["id"] for each in first["items"] + second["items"]}) == 5
    assert second["next_cursor"] is None


async def test_what_is_no_number_is_not_barred(administrator: AsyncClient):
    made = await project(administrator)

    for number in ("", "112x", "abc", "' OR 1=1 --", "\u0000", "9" * 65):
        answer = await administrator.post(f"{API}/projects/{made['id']}/dnc", json={"number": number})
        assert answer.status_code == 422, number
