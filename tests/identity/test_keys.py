"""API keys do no more than their owner, their scopes and their project allow."""

from doors import Doors, Grant, Role
from sqlalchemy import select

from identity.login.models import api_key
from kit.clock import ManualClock
from kit.db import Database

HERE, THERE = "a" * 32, "b" * 32


async def key_of(browser, **wish) -> str:
    made = await browser.post("/api/v1/keys", json={"name": "crm", "scopes": ["users.read"], **wish})
    assert made.status_code == 201, made.text
    return made.json()["key"]


def program(doors: Doors, key: str):
    return doors.browser(authorization=f"Bearer {key}")


async def test_key_is_shown_once_and_stored_as_digest(doors: Doors, db: Database, seal):
    browser = await doors.new(Role.MANAGER, HERE)

    key = await key_of(browser)

    assert key.startswith("ahize_")
    assert key not in (await browser.get("/api/v1/keys")).text
    async with db.read() as conn:
        assert (await conn.execute(select(api_key.c.digest))).scalars().all() == [seal.digest("api-key", key)]


async def test_key_has_no_right_beyond_its_scopes(doors: Doors):
    me = program(doors, await key_of(await doors.new(Role.ADMINISTRATOR)))

    assert (await me.get("/api/v1/users")).status_code == 200
    assert (await me.get("/api/v1/audit")).status_code == 403
    assert (await me.get("/api/v1/me")).json()["rights"] == ["users.read"]


async def test_key_for_a_project_sees_that_project_only(doors: Doors):
    await doors.person("there", Grant(THERE, Role.OPERATOR))
    await doors.person("here", Grant(HERE, Role.OPERATOR))
    admin = await doors.new(Role.ADMINISTRATOR)

    seen = (await program(doors, await key_of(admin, project=HERE)).get("/api/v1/users")).text

    assert '"here"' in seen
    assert '"there"' not in seen


async def test_key_follows_its_owners_roles(doors: Doors):
    admin = await doors.new(Role.ADMINISTRATOR)
    owner = await doors.person("manager", Grant(HERE, Role.MANAGER))
    me = program(doors, await key_of(await doors.enter(owner)))
    assert (await me.get("/api/v1/users")).status_code == 200

    await admin.put(f"/api/v1/users/{owner}/roles", json={"grants": [{"project": HERE, "role": "operator"}]})

    assert (await me.get("/api/v1/users")).status_code == 403


TOO_WIDE = (
    ({"scopes": ["audit.read"]}, 403),
    ({"scopes": ["keys.own"]}, 403),
    ({"scopes": ["users.read"], "project": THERE}, 404),
    ({"scopes": []}, 422),
    ({"scopes": ["no.right"]}, 422),
    ({"scopes": ["users.read"], "days": 0}, 422),
    ({"scopes": ["users.read"], "days": 10**30}, 422),
)


async def test_key_cannot_be_wider_than_its_owner(doors: Doors):
    manager = await doors.new(Role.MANAGER, HERE)

    for wish, status in TOO_WIDE:
        refused = await manager.post("/api/v1/keys", json={"name": "crm", **wish})

        assert refused.status_code == status, wish


async def test_key_ends_when_it_is_revoked_or_too_old(doors: Doors, clock: ManualClock):
    manager = await doors.new(Role.MANAGER, HERE)
    revoked, old = program(doors, await key_of(manager)), program(doors, await key_of(manager, days=1))
    first = (await manager.get("/api/v1/keys")).json()["items"][0]["id"]

    gone = await manager.delete(f"/api/v1/keys/{first}")
    answered = (await revoked.get("/api/v1/users")).status_code, (await old.get("/api/v1/users")).status_code
    clock.advance(24 * 3600)

    assert gone.status_code == 204
    assert answered == (401, 200)
    assert (await old.get("/api/v1/users")).status_code == 401


async def test_foreign_key_looks_like_none(doors: Doors):
    mine, other = await doors.new(Role.MANAGER, HERE), await doors.new(Role.MANAGER, HERE)
    await key_of(mine)
    key = (await mine.get("/api/v1/keys")).json()["items"][0]["id"]

    foreign, none = await other.delete(f"/api/v1/keys/{key}"), await other.delete("/api/v1/keys/nothing")

    assert (foreign.status_code, foreign.json()) == (none.status_code, none.json())
    assert foreign.status_code == 404


async def test_key_cannot_do_what_is_personal(doors: Doors):
    admin = await doors.new(Role.ADMINISTRATOR)
    me = program(doors, await key_of(admin))

    answers = [
        await me.post("/api/v1/me/password", json={"password": "denizde yürüyen tren"}),
        await me.delete("/api/v1/session"),
        await me.post("/api/v1/keys", json={"name": "more", "scopes": ["users.read"]}),
    ]

    assert {answer.status_code for answer in answers} == {403}


WRONG_KEYS = ("Bearer", "Bearer ", "Bearer x", "Basic YTpi", "Bearer " + "x" * 5000, "bearer \x7f", "Bearer ahize_é")


async def test_wrong_key_is_not_made_good_by_a_cookie(doors: Doors):
    browser = await doors.new(Role.ADMINISTRATOR)

    for header in WRONG_KEYS:
        refused = await browser.get("/api/v1/me", headers={"authorization": header.encode("latin-1")})

        assert refused.status_code == 401, header
        assert refused.headers["www-authenticate"].startswith("Bearer")
