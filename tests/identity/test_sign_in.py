"""Sessions by link and by password, what they let in, and how they end."""

import asyncio
import statistics
import time

import pytest
from doors import PASSWORD, Doors, Grant, Role
from sqlalchemy import select

from identity.login import backoff
from identity.login.models import login_link, session
from identity.login.service import first_link
from identity.parts import LINK_S, SignIn
from kit.clock import ManualClock
from kit.db import Database
from kit.seal import Seal


async def sign_in(doors: Doors, login: str, password: str):
    return await doors.browser().post("/api/v1/session", json={"login": login, "password": password})


async def test_first_start_gives_a_link_that_makes_the_administrator(
    doors: Doors, db: Database, seal: Seal, clock: ManualClock
):
    browser = doors.browser()
    token = await first_link(db, seal, clock)

    entered = await browser.post("/api/v1/session/link", json={"token": token})
    me = entered.json()["user"]
    chosen = await browser.post("/api/v1/me/password", json={"password": PASSWORD})

    assert me["must_set_password"] is True
    assert me["grants"] == [{"project": None, "role": "administrator"}]
    assert chosen.status_code == 204
    assert (await browser.get("/api/v1/me")).json()["must_set_password"] is False
    assert await first_link(db, seal, clock) is None


async def test_next_start_gives_a_new_first_link_while_nobody_has_a_password(
    doors: Doors, db: Database, seal: Seal, clock: ManualClock
):
    earlier, later = await first_link(db, seal, clock), await first_link(db, seal, clock)

    refused = await doors.browser().post("/api/v1/session/link", json={"token": earlier})
    entered = await doors.browser().post("/api/v1/session/link", json={"token": later})

    assert (refused.status_code, entered.status_code) == (410, 200)
    async with db.read() as conn:
        assert len((await conn.execute(select(login_link))).all()) == 1


async def test_link_is_good_once_and_for_its_time_only(doors: Doors, clock: ManualClock):
    person = await doors.person("ayse", Grant("p", Role.OPERATOR))
    used, late = await doors.link(person), None
    first = await doors.browser().post("/api/v1/session/link", json={"token": used})
    second = await doors.browser().post("/api/v1/session/link", json={"token": used})
    late = await doors.link(person)
    clock.advance(LINK_S)
    third = await doors.browser().post("/api/v1/session/link", json={"token": late})
    never = await doors.browser().post("/api/v1/session/link", json={"token": "x" * 43})

    assert [answer.status_code for answer in (first, second, third, never)] == [200, 410, 410, 410]
    assert second.json() == third.json() == never.json()
    assert second.json()["code"] == "link_gone"


async def test_two_browsers_with_one_link_get_one_session(doors: Doors):
    token = await doors.link(await doors.person("ayse", Grant("p", Role.OPERATOR)))

    answers = await asyncio.gather(
        *(doors.browser().post("/api/v1/session/link", json={"token": token}) for _ in range(8))
    )

    assert sorted(answer.status_code for answer in answers) == [200] + [410] * 7


async def test_cookie_is_out_of_reach_of_scripts_and_other_sites(doors: Doors):
    await doors.person("ayse", Grant("p", Role.OPERATOR), password=PASSWORD)

    entered = await sign_in(doors, "Ayse", PASSWORD)

    cookie = entered.headers["set-cookie"].lower()
    assert all(part in cookie for part in ("httponly", "samesite=strict", "path=/", "max-age=43200"))
    assert "domain" not in cookie
    assert entered.cookies["ahize_session"] not in entered.text


async def test_cookie_under_tls_is_secure_and_bound_to_the_host(doors: Doors, app):
    app.state.sign_in = SignIn(url="https://desk.test", secure=True)
    token = await doors.link(await doors.person("ayse"))

    entered = await doors.browser().post("/api/v1/session/link", json={"token": token})

    assert entered.headers["set-cookie"].startswith("__Host-ahize_session=")
    assert "; Secure" in entered.headers["set-cookie"]


async def test_database_keeps_no_secret_of_a_session(doors: Doors, db: Database, seal: Seal):
    browser = await doors.new(Role.OPERATOR, "p")
    token = browser.cookies["ahize_session"]

    async with db.read() as conn:
        rows = (await conn.execute(select(session.c.digest))).scalars().all()

    assert rows == [seal.digest("session", token)]


async def test_session_ends_after_its_time_and_without_use(doors: Doors, clock: ManualClock):
    used, idle = await doors.new(Role.OPERATOR, "p"), await doors.new(Role.OPERATOR, "p")
    for _ in range(11):
        clock.advance(1 * 3600)
        assert (await used.get("/api/v1/me")).status_code == 200

    assert (await idle.get("/api/v1/me")).status_code == 401
    clock.advance(1 * 3600)
    assert (await used.get("/api/v1/me")).json()["code"] == "not_signed_in"


async def test_sign_out_ends_this_session_only(doors: Doors):
    person = await doors.person("ayse", Grant("p", Role.OPERATOR))
    here, there = await doors.enter(person), await doors.enter(person)
    cookie = here.cookies["ahize_session"]

    left = await here.delete("/api/v1/session")
    here.cookies.set("ahize_session", cookie)

    assert left.status_code == 204
    assert (await here.get("/api/v1/me")).status_code == 401
    assert (await there.get("/api/v1/me")).status_code == 200


async def test_signing_in_again_leaves_no_earlier_session_behind(doors: Doors, db: Database):
    person = await doors.person("ayse", Grant("p", Role.OPERATOR))
    browser = await doors.enter(person)
    earlier = browser.cookies["ahize_session"]

    again = await browser.post("/api/v1/session/link", json={"token": await doors.link(person)})

    assert again.status_code == 200
    assert browser.cookies["ahize_session"] != earlier
    async with db.read() as conn:
        assert len((await conn.execute(select(session))).all()) == 1


async def test_new_password_ends_every_other_session(doors: Doors):
    person = await doors.person("ayse", Grant("p", Role.OPERATOR), password=PASSWORD)
    here, there = (await sign_in(doors, "ayse", PASSWORD)), (await doors.enter(person))
    browser = doors.browser()
    browser.cookies.set("ahize_session", here.cookies["ahize_session"])

    wrong = await browser.post("/api/v1/me/password", json={"password": "başka bir şey 12", "current": "no"})
    right = await browser.post("/api/v1/me/password", json={"password": "başka bir şey 12", "current": PASSWORD})

    assert (wrong.status_code, right.status_code) == (401, 204)
    assert (await browser.get("/api/v1/me")).status_code == 200
    assert (await there.get("/api/v1/me")).status_code == 401
    assert (await sign_in(doors, "ayse", PASSWORD)).status_code == 401
    assert (await sign_in(doors, "ayse", "başka bir şey 12")).status_code == 200


async def test_spaces_at_the_ends_belong_to_a_password(doors: Doors):
    await doors.person("ayse", password=f" {PASSWORD} ")

    assert (await sign_in(doors, "ayse", PASSWORD)).status_code == 401
    assert (await sign_in(doors, "ayse", f" {PASSWORD} ")).status_code == 200


async def test_weak_password_is_refused_with_its_field(doors: Doors):
    browser = await doors.new(Role.OPERATOR, "p")

    refused = await browser.post("/api/v1/me/password", json={"password": "password1234"})

    assert refused.status_code == 422
    assert refused.json()["errors"] == [
        {"field": "password", "code": "known", "message": "This one is on lists of known passwords; take another."}
    ]


async def test_unknown_closed_and_wrong_get_one_answer(doors: Doors, clock: ManualClock):
    await doors.person("ayse", password=PASSWORD)
    await doors.person("nopass")
    admin = await doors.new(Role.ADMINISTRATOR)
    closed = await doors.person("closed", password=PASSWORD)
    await admin.patch(f"/api/v1/users/{closed}", json={"disabled": True})

    answers = [
        await sign_in(doors, "ayse", "wrong"),
        await sign_in(doors, "nobody", PASSWORD),
        await sign_in(doors, "nopass", PASSWORD),
        await sign_in(doors, "closed", PASSWORD),
    ]

    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.text for answer in answers}) == 1


async def test_unknown_person_takes_as_long_as_a_wrong_password(doors: Doors, clock: ManualClock):
    await doors.person("ayse", password=PASSWORD)
    took: dict[str, list[float]] = {"ayse": [], "nobody": []}

    for _ in range(15):
        clock.advance(2 * 3600)
        for login, times in took.items():
            start = time.perf_counter()
            await sign_in(doors, login, "a wrong password")
            times.append(time.perf_counter() - start)

    known, unknown = statistics.median(took["ayse"]), statistics.median(took["nobody"])
    assert 0.6 < unknown / known < 1.6, f"known {known * 1000:.1f} ms, unknown {unknown * 1000:.1f} ms"


async def test_guessing_is_slowed_down_for_known_and_unknown_alike(doors: Doors, clock: ManualClock):
    await doors.person("ayse", password=PASSWORD)
    seen: dict[str, list[int]] = {}

    for login in ("ayse", "nobody"):
        seen[login] = [(await sign_in(doors, login, "guess")).status_code for _ in range(8)]
    blocked = await sign_in(doors, "ayse", PASSWORD)
    clock.advance(int(blocked.headers["retry-after"]))
    entered = await sign_in(doors, "ayse", PASSWORD)

    assert seen["ayse"] == seen["nobody"] == [401] * 6 + [429] * 2
    assert blocked.json()["code"] == "wait_before_sign_in"
    assert entered.status_code == 200


async def test_guesses_made_at_once_do_not_pass_side_by_side(doors: Doors):
    await doors.person("ayse", password=PASSWORD)

    answers = await asyncio.gather(*(sign_in(doors, "ayse", f"guess {n}") for n in range(20)))

    assert sum(answer.status_code == 401 for answer in answers) == 6


async def test_one_address_cannot_try_many_names(doors: Doors, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(backoff, "ADDRESS", backoff.Patience(free=8, longest_s=60))

    answers = [(await sign_in(doors, f"name{n}", "guess")).status_code for n in range(12)]

    assert answers == [401] * 9 + [429] * 3


async def test_right_sign_ins_do_not_use_up_their_address(doors: Doors, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(backoff, "ADDRESS", backoff.Patience(free=2, longest_s=60))
    await doors.person("ayse", password=PASSWORD)

    answers = {(await sign_in(doors, "ayse", PASSWORD)).status_code for _ in range(6)}

    assert answers == {200}


async def test_key_in_the_address_is_not_looked_at(doors: Doors):
    browser = await doors.new(Role.MANAGER, "p")
    made = await browser.post("/api/v1/keys", json={"name": "crm", "scopes": ["campaigns.read"]})
    key = made.json()["key"]

    for address in (f"/api/v1/me?access_token={key}", f"/api/v1/me?token={key}&authorization=Bearer%20{key}"):
        assert (await doors.browser().get(address)).status_code == 401
