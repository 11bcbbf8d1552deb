"""Every error is a problem document that says what to do and nothing of the inside."""

from typing import Annotated

import httpx
import pytest
from doors import ORIGIN, OURS, Doors
from fastapi import APIRouter, Depends, FastAPI
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from api.app import Parts, UnguardedRoute, create_app
from identity.access import Right, needs, public
from identity.roles.rights import Role
from kit.errors import Conflict, Invalid, NotFound, TooMany, Unavailable

router = APIRouter()
open_to_all = [Depends(public())]


class Body(BaseModel):
    count: int


@router.post("/broken/{kind}", dependencies=open_to_all)
async def broken(kind: str, body: Body) -> None:
    raise {
        "crash": RuntimeError("+905321005001 leaks from here"),
        "conflict": Conflict(campaign="c1"),
        "gone": NotFound(),
        "later": TooMany(retry_after_s=2.1),
        "away": Unavailable(),
        "fields": Invalid(errors=[{"field": "hours", "code": "empty", "message": "Say when."}]),
        "twice": IntegrityError("INSERT INTO person", {"number": "+905321005001"}, Exception("dup")),
        "bug": ProgrammingError("SELECT secret", {}, Exception("no such table: secret")),
    }[kind]


@pytest.fixture
async def ask(parts: Parts):
    app = create_app(parts, (router,))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=ORIGIN, headers=OURS) as asking:
        yield lambda kind, **body: asking.post(f"/api/v1/broken/{kind}", json=body or {"count": 1})


async def test_error_of_ours_is_told_with_code_and_values(ask):
    answer = await ask("conflict")

    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "urn:ahize:problem:conflict",
        "title": "Conflict",
        "status": 409,
        "detail": "Somebody or something was faster; load again and repeat what you meant.",
        "code": "conflict",
        "values": {"campaign": "c1"},
    }


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("gone", 404, "not_found"),
        ("later", 429, "too_many"),
        ("away", 503, "unavailable"),
        ("fields", 422, "invalid"),
        ("twice", 409, "conflict"),
        ("crash", 500, "internal"),
        ("bug", 500, "internal"),
    ],
)
async def test_each_kind_of_error_has_its_status(ask, kind: str, status: int, code: str):
    answer = await ask(kind)

    assert (answer.status_code, answer.json()["code"], answer.json()["status"]) == (status, code, status)
    assert "9053" not in answer.text
    assert "secret" not in answer.text.lower()


async def test_waiting_is_said_in_whole_seconds(ask):
    assert (await ask("later")).headers["retry-after"] == "3"


async def test_wrong_fields_are_named_without_what_was_sent(ask):
    answer = await ask("crash", count="Gizli Kanarya")

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "body.count"
    assert "Kanarya" not in answer.text


async def test_crash_leaves_neither_text_nor_values_in_the_log(ask, capfd: pytest.CaptureFixture[str]):
    await ask("crash")

    log = capfd.readouterr().err
    assert "door_crashed" in log
    assert "RuntimeError" in log
    assert "9053" not in log


async def test_wrong_method_and_unknown_address_are_problems(doors: Doors):
    browser = await doors.new(Role.ADMINISTRATOR)

    wrong, unknown = await browser.post("/api/v1/me"), await browser.get("/api/v1/nothing")

    assert (wrong.status_code, wrong.json()["code"], wrong.headers["allow"]) == (405, "method", "GET")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "not_found")


async def test_database_that_is_away_is_said_without_its_name(doors: Doors, app: FastAPI):
    browser = await doors.new(Role.ADMINISTRATOR)
    await app.state.db.close()

    asked, health = await browser.get("/api/v1/me"), await browser.get("/health")

    assert asked.status_code == health.status_code == 503
    assert str(app.state.db.url.database) not in asked.text + health.text


async def test_health_says_ok_and_no_more(doors: Doors):
    answer = await doors.browser(accept="*/*").get("/health")

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.parametrize("kind", ["plain", "inner"])
def test_service_does_not_start_with_a_door_that_nobody_watches(parts: Parts, kind: str):
    unwatched = APIRouter()
    if kind == "plain":
        unwatched.get("/open")(lambda: None)
    else:
        inner = APIRouter()
        inner.get("/open")(lambda: None)
        unwatched.include_router(inner, prefix="/deep")

    with pytest.raises(UnguardedRoute, match="open"):
        create_app(parts, (unwatched,))


def test_guard_of_the_whole_router_counts(parts: Parts):
    watched = APIRouter(dependencies=[Depends(needs(Right.AUDIT_READ))])
    watched.get("/watched")(lambda: None)

    assert create_app(parts, (watched,))


async def test_value_that_the_store_cannot_hold_is_refused_not_a_crash(parts: Parts):
    wide = APIRouter()

    @wide.get("/wide", dependencies=open_to_all)
    async def _(number: Annotated[int, ...]) -> None:
        async with parts.db.read() as conn:
            await conn.execute(text("SELECT :n + 0"), {"n": number})

    app = create_app(parts, (wide,))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=ORIGIN) as asking:
        answer = await asking.get("/api/v1/wide", params={"number": str(10**30)})

    assert (answer.status_code, answer.json()["code"]) == (422, "not_storable")
