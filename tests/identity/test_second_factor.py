"""The second factor: administrators may do nothing without one, and a code lets in once."""

from datetime import UTC, datetime, timedelta

import pytest
from doors import PASSWORD, Doors
from httpx import AsyncClient

from identity.login.second_factor import step_of
from identity.roles.rights import Grant, Role
from kit.clock import ManualClock

SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
"""The key of RFC 6238, appendix B."""
LINK, SIGN_IN, FACTOR = "/api/v1/session/link", "/api/v1/session", "/api/v1/me/second-factor"


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


async def boss(doors: Doors) -> tuple[AsyncClient, str, str]:
    """An administrator with a password and a second factor: browser, id, secret."""
    person = await doors.person("boss", Grant(None, Role.ADMINISTRATOR))
    browser = doors.browser()
    await browser.post(LINK, json={"token": await doors.link(person)})
    await browser.post("/api/v1/me/password", json={"password": PASSWORD})
    return browser, person, await doors.enrol(browser)


async def enter(doors: Doors, code: str | None) -> tuple[int, str]:
    """Sign the administrator in: status, and the code of the problem."""
    answer = await doors.browser().post(SIGN_IN, json={"login": "boss", "password": PASSWORD, "code": code})
    return answer.status_code, answer.json().get("code", "")


@pytest.mark.parametrize(
    ("seconds", "code"), [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")]
)
def test_codes_are_those_of_the_rfc(seconds: int, code: str):
    assert step_of(SECRET, code, None, at(seconds)) == seconds // 30


@pytest.mark.parametrize(("late", "taken"), [(-31, True), (-61, False), (0, True), (30, True), (60, False)])
def test_phone_may_be_one_step_off(late: int, taken: bool):
    assert (step_of(SECRET, "081804", None, at(1111111109 + late)) is not None) is taken


def test_code_of_a_step_that_was_taken_is_none():
    step = 1111111109 // 30

    assert step_of(SECRET, "081804", step, at(1111111109)) is None
    assert step_of(SECRET, "081804", step - 1, at(1111111109)) == step


async def test_administrator_without_a_second_factor_may_do_nothing_but_set_it_up(doors: Doors):
    person = await doors.person("boss", Grant(None, Role.ADMINISTRATOR))
    browser = doors.browser()
    await browser.post(LINK, json={"token": await doors.link(person)})

    before = await browser.get("/api/v1/users")
    asked = (await browser.get("/api/v1/me")).json()
    await doors.enrol(browser)

    assert (before.status_code, before.json()["code"]) == (403, "second_factor_needed")
    assert (asked["must_enrol"], asked["second_factor"]) == (True, False)
    assert (await browser.get("/api/v1/users")).status_code == 200
    assert (await browser.get("/api/v1/me")).json()["must_enrol"] is False


async def test_password_alone_does_not_let_in(doors: Doors, clock: ManualClock):
    _, _, secret = await boss(doors)
    clock.advance(60)

    assert await enter(doors, None) == (401, "code_needed")
    assert await enter(doors, "000000") == (401, "wrong_code")
    assert (await enter(doors, doors.code(secret)))[0] == 200


async def test_code_lets_in_once(doors: Doors, clock: ManualClock):
    _, _, secret = await boss(doors)
    clock.advance(60)
    code = doors.code(secret)
    await enter(doors, code)

    assert await enter(doors, code) == (401, "wrong_code")
    assert (await enter(doors, doors.code(secret, 1)))[0] == 200


async def test_guessing_codes_is_slowed_down(doors: Doors):
    await boss(doors)

    seen = [await enter(doors, f"{n:06}") for n in range(7)]

    assert seen[4] == (401, "wrong_code")
    assert seen[6] == (429, "wait_before_sign_in")


async def test_link_asks_for_the_code_and_is_not_used_up_by_that(doors: Doors, clock: ManualClock):
    _, person, secret = await boss(doors)
    clock.advance(60)
    token = await doors.link(person)

    bare = await doors.browser().post(LINK, json={"token": token})
    whole = await doors.browser().post(LINK, json={"token": token, "code": doors.code(secret)})

    assert bare.json()["code"] == "code_needed"
    assert whole.status_code == 200


async def test_setting_it_up_ends_the_other_sessions(doors: Doors):
    person = await doors.person("boss", Grant(None, Role.ADMINISTRATOR))
    here, elsewhere = doors.browser(), doors.browser()
    for browser in (elsewhere, here):
        await browser.post(LINK, json={"token": await doors.link(person)})

    await doors.enrol(here)

    assert (await elsewhere.get("/api/v1/me")).status_code == 401
    assert (await here.get("/api/v1/me")).status_code == 200


async def test_one_that_is_set_is_not_replaced_without_an_administrator(doors: Doors, clock: ManualClock):
    browser, person, _ = await boss(doors)
    clock.advance(timedelta(minutes=1).total_seconds())

    again = await browser.post(FACTOR)
    removed = await browser.delete(f"/api/v1/users/{person}/second-factor")
    after = await browser.post(FACTOR)

    assert (again.status_code, again.json()["code"]) == (409, "second_factor_set")
    assert removed.status_code == 204
    assert after.status_code == 201


async def test_wrong_first_code_sets_nothing_up(doors: Doors):
    person = await doors.person("boss", Grant(None, Role.ADMINISTRATOR))
    browser = doors.browser()
    await browser.post(LINK, json={"token": await doors.link(person)})
    await browser.post(FACTOR)

    wrong = await browser.put(FACTOR, json={"code": "000000"})

    assert (wrong.status_code, wrong.json()["code"]) == (401, "wrong_code")
    assert (await browser.get("/api/v1/me")).json()["must_enrol"] is True


async def test_others_sign_in_without_one_or_choose_to_have_one(doors: Doors):
    operator = await doors.new(Role.OPERATOR, "a" * 32)

    before = (await operator.get("/api/v1/me")).json()
    await doors.enrol(operator)

    assert before["must_enrol"] is False
    assert (await operator.get("/api/v1/me")).json()["second_factor"] is True
