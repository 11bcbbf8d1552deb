"""People, their roles, and what ends when they leave."""

import asyncio

import pytest
from doors import PASSWORD, Doors, Grant, Role
from fastapi import FastAPI

from kit.db import Database


async def test_person_is_made_invited_and_given_a_role(doors: Doors):
    admin = await doors.new(Role.ADMINISTRATOR)

    made = await admin.post("/api/v1/users", json={"login": "Ayse", "name": "Ayşe Yılmaz", "extension": "1001"})
    person = made.json()["id"]
    given = await admin.put(
        f"/api/v1/users/{person}/roles", json={"grants": [{"project": "a" * 32, "role": "operator"}]}
    )
    link = (await admin.post(f"/api/v1/users/{person}/link")).json()["link"]
    browser = doors.browser()
    entered = await browser.post("/api/v1/session/link", json={"token": link.partition("#")[2]})

    assert (made.status_code, given.status_code, entered.status_code) == (201, 200, 200)
    me = entered.json()["user"]
    assert (me["login"], me["extension"]) == ("ayse", "1001")
    assert "desk.work" in me["rights"]
    assert "lists.upload" not in me["rights"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"login": "AYSE", "name": "Another"}, "login_taken"),
        ({"login": "fatma", "name": "Fatma", "extension": "1001"}, "extension_taken"),
    ],
)
async def test_login_and_extension_belong_to_one_person(doors: Doors, body: dict[str, str], code: str):
    admin = await doors.new(Role.ADMINISTRATOR)
    await admin.post("/api/v1/users", json={"login": "ayse", "name": "Ayşe", "extension": "1001"})

    refused = await admin.post("/api/v1/users", json=body)

    assert (refused.status_code, refused.json()["code"]) == (409, code)


ODD = (
    {"login": "a b", "name": "x"},
    {"login": "x", "name": ""},
    {"login": "x", "name": "a\u0000b"},
    {"login": "x", "name": "a\nb"},
    {"login": "x", "name": "a\u202eb"},
    {"login": "x", "name": "x", "extension": "12 34"},
    {"login": "x", "name": "x", "extension": "+905321005001'"},
    {"login": "x", "name": "x", "locale": "xx"},
    {"login": "x", "name": "x", "role": "administrator"},
    {"login": "x" * 65, "name": "x"},
    {"login": "x"},
    [],
)


async def test_odd_person_is_refused(doors: Doors):
    admin = await doors.new(Role.ADMINISTRATOR)

    for body in ODD:
        refused = await admin.post("/api/v1/users", json=body)

        assert (refused.status_code, refused.json()["code"]) == (422, "invalid"), body


async def test_leaving_ends_session_key_and_link_at_once(doors: Doors, app: FastAPI):
    admin = await doors.new(Role.ADMINISTRATOR)
    person = await doors.person("ayse", Grant("p" * 32, Role.MANAGER), password=PASSWORD)
    browser = await doors.enter(person)
    key = (await browser.post("/api/v1/keys", json={"name": "crm", "scopes": ["users.read"]})).json()["key"]
    program = doors.browser(authorization=f"Bearer {key}")
    link = await doors.link(person)
    assert (await program.get("/api/v1/users")).status_code == 200

    with app.state.endings.watch(person) as told:
        left = await admin.patch(f"/api/v1/users/{person}", json={"disabled": True})
        await asyncio.wait_for(told.wait(), 1)

    by_link = await doors.browser().post("/api/v1/session/link", json={"token": link})
    by_password = await doors.browser().post("/api/v1/session", json={"login": "ayse", "password": PASSWORD})
    assert left.json()["disabled"] is True
    assert (await browser.get("/api/v1/me")).status_code == 401
    assert (await program.get("/api/v1/users")).status_code == 401
    assert (by_link.status_code, by_password.status_code) == (410, 401)


async def test_coming_back_does_not_bring_old_keys_back(doors: Doors):
    admin = await doors.new(Role.ADMINISTRATOR)
    person = await doors.person("ayse", Grant("p" * 32, Role.MANAGER))
    browser = await doors.enter(person)
    key = (await browser.post("/api/v1/keys", json={"name": "crm", "scopes": ["users.read"]})).json()["key"]

    await admin.patch(f"/api/v1/users/{person}", json={"disabled": True})
    await admin.patch(f"/api/v1/users/{person}", json={"disabled": False})

    assert (await doors.browser(authorization=f"Bearer {key}").get("/api/v1/me")).status_code == 401
    assert (await browser.get("/api/v1/me")).status_code == 401


async def test_role_taken_away_is_gone_with_the_next_request(doors: Doors, app: FastAPI):
    admin = await doors.new(Role.ADMINISTRATOR)
    person = await doors.person("ayse", Grant("p" * 32, Role.SUPERVISOR))
    browser = await doors.enter(person)
    assert (await browser.get("/api/v1/users")).status_code == 200

    with app.state.endings.watch(person) as told:
        await admin.put(f"/api/v1/users/{person}/roles", json={"grants": []})
        assert told.is_set()

    assert (await browser.get("/api/v1/users")).status_code == 403
    assert (await browser.get("/api/v1/me")).json()["rights"] == []


async def test_last_administrator_can_neither_leave_nor_step_down(doors: Doors):
    person = await doors.person("boss", Grant(None, Role.ADMINISTRATOR))
    boss = await doors.enter(person)

    leaving = await boss.patch(f"/api/v1/users/{person}", json={"disabled": True})
    stepping_down = await boss.put(f"/api/v1/users/{person}/roles", json={"grants": [{"role": "manager"}]})

    assert leaving.json()["code"] == stepping_down.json()["code"] == "last_administrator"
    assert "administrator" in (await boss.get("/api/v1/me")).text


async def test_administrator_of_one_project_does_not_exist(doors: Doors):
    person = await doors.person("boss", Grant(None, Role.ADMINISTRATOR))
    boss = await doors.enter(person)

    refused = await boss.put(
        f"/api/v1/users/{person}/roles", json={"grants": [{"project": "a" * 32, "role": "administrator"}]}
    )

    assert refused.json()["errors"][0]["field"] == "body.grants.0.project"


async def test_manager_sees_own_projects_people_and_roles_only(doors: Doors):
    here, there = "a" * 32, "b" * 32
    await doors.person("both", Grant(here, Role.OPERATOR), Grant(there, Role.OPERATOR))
    foreign = await doors.person("foreign", Grant(there, Role.OPERATOR))
    manager = await doors.new(Role.MANAGER, here)

    listed = (await manager.get("/api/v1/users")).json()["items"]
    asked = await manager.get(f"/api/v1/users/{foreign}")

    shown = {item["login"]: item["grants"] for item in listed}
    assert "foreign" not in shown
    assert shown["both"] == [{"project": here, "role": "operator"}]
    assert asked.status_code == 404


async def test_people_come_page_by_page_without_loss(doors: Doors):
    admin = await doors.new(Role.ADMINISTRATOR)
    for number in range(5):
        await doors.person(f"op{number}")
    seen: list[str] = []
    cursor = ""

    while cursor is not None:
        page = (await admin.get(f"/api/v1/users?limit=2{cursor}")).json()
        seen += [item["login"] for item in page["items"]]
        cursor = f"&cursor={page['next']}" if page["next"] else None

    assert len(seen) == len(set(seen)) == 6


async def test_trail_says_who_did_what_and_holds_no_secret(doors: Doors, db: Database):
    boss = await doors.person("boss", Grant(None, Role.ADMINISTRATOR))
    admin = await doors.enter(boss)
    made = (await admin.post("/api/v1/users", json={"login": "ayse", "name": "Gizli Kanarya"})).json()["id"]
    link = (await admin.post(f"/api/v1/users/{made}/link")).json()["link"]
    await admin.put(f"/api/v1/users/{made}/roles", json={"grants": [{"role": "operator"}]})
    await admin.patch(f"/api/v1/users/{made}", json={"name": "Gizli Kanarya2", "disabled": True})

    trail = await admin.get(f"/api/v1/audit?by={boss}")

    lines = [(line["action"], line["subject"]) for line in trail.json()["items"]]
    assert lines[:4] == [("user.changed", made), ("roles.set", made), ("user.link_made", made), ("user.created", made)]
    assert "Kanarya" not in trail.text
    assert link.partition("#")[2] not in trail.text
