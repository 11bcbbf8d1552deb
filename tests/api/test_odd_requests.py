"""Odd values through every door: a refusal, never a crash, on both stores (T29, T33)."""

import json
import logging
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from centre_of_two import Centre
from doors import ORIGIN, OURS
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from rights import Entry, entries

from identity.roles.rights import Right, Role
from kit.db import Database

INJECTIONS = (
    "'",
    "' OR '1'='1",
    "1; DROP TABLE person--",
    "1' UNION SELECT null,null--",
    "') AND pg_sleep(5)--",
    "1 AND randomblob(1000000000)",
    '" OR ""="',
    '{"$gt": ""}',
    "{{7*7}}${7*7}<%=7*7%>",
    "%",
    "_",
    "\\",
    "../../etc/passwd",
    "a\0b",
    "\r\nSet-Cookie: a=b",
    "\u202e",
    "\ud7ff\uffff",
    "-1",
    "0",
    str(2**31),
    str(2**63),
    str(10**40),
    "1e400",
    "NaN",
    "true",
    "",
    "f" * 32,
    "0" * 32,
    "x" * 4000,
)
RAW_BODIES = (
    b"",
    b"null",
    b"[]",
    b'"text"',
    b"1",
    b"{",
    b'{"a":}',
    b"\xff\xfe{\x00",
    b'{"name": "\xff"}',
    b'{"login": "\\ud800", "name": "\\ud800", "password": "\\ud800", "code": "\\ud800", "token": "\\ud800"}',
    b'{"name": NaN, "days": Infinity, "login": -Infinity}',
    b"[" * 30_000,
    b'{"a":' * 5_000,
    b"1" * 5_000,
)
KINDS = ("application/json", "text/plain", "application/xml", "multipart/form-data", "", "application/json; x=\xff")
VALUES: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    2**31,
    2**63,
    10**40,
    1.5,
    1e308,
    "",
    "a\0b",
    "\u202eevil",
    "' OR 1=1--",
    "x" * 30_000,
    [],
    {},
    [[]],
    ["a\0b"],
    {"a": {"b": ["c"]}},
    "9999-12-31T23:59:59Z",
    "0001-01-01T00:00:00+14:00",
)


on_one_store = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
"""For refusals that come before any store is asked."""


@pytest.fixture
def db(database: Database) -> Database:
    """These run on both stores."""
    return database


@pytest.fixture
async def admin(centre: Centre, db: Database):
    """The administrator, and for doors that only operators or supervisors open, one of them: whoever gets furthest."""
    await db.open()
    transport = httpx.ASGITransport(app=centre.app)
    made: dict[str, httpx.AsyncClient] = {}
    for who in (Role.ADMINISTRATOR, Role.OPERATOR, Role.MANAGER, Role.SUPERVISOR):
        cookies = {"ahize_session": centre.cookies[who]}
        made[who] = httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers=OURS, cookies=cookies)
    yield made
    for browser in made.values():
        await browser.aclose()


def filled(centre: Centre, path: str, entry: Entry) -> str:
    return path.format(**{name: getattr(centre.here, thing) for name, thing in entry.path.items()})


def who_may(admin: dict[str, httpx.AsyncClient], path: str) -> httpx.AsyncClient:
    tables = (entry.needs for _, door, entry in entries() if door == path and isinstance(entry.needs, tuple))
    needs = {right for table in tables for right in table}
    if needs == {Right.CALLS_MONITOR}:
        return admin[Role.SUPERVISOR]
    return admin[Role.OPERATOR if needs == {Right.DESK_WORK} else Role.ADMINISTRATOR]


def ends_the_sign_in(method: str, path: str) -> bool:
    return path.startswith("/api/v1/session") and method == "DELETE"


def fine(answer: httpx.Response) -> bool:
    """Done, or refused as a problem; 503 is the engine that these tests run without."""
    if answer.status_code in (200, 201, 202, 204, 503):
        return True
    return 400 <= answer.status_code < 500 and answer.headers["content-type"] == "application/problem+json"


def query_names(app: FastAPI) -> Iterator[tuple[str, str]]:
    for route in iter_route_contexts(app.routes):
        dependant = getattr(route, "dependant", None)
        for parameter in dependant.query_params if dependant and "GET" in (route.methods or ()) else ():
            yield str(route.path), parameter.alias


async def test_injection_through_every_query_parameter_is_data(centre: Centre, admin):
    by_path = {path: entry for method, path, entry in entries() if method == "GET"}
    asked = 0

    for path, name in query_names(centre.app):
        browser = who_may(admin, path)
        for value in INJECTIONS:
            start = time.perf_counter()
            answer = await browser.get(filled(centre, path, by_path[path]), params={name: value})
            asked += 1

            assert fine(answer), f"GET {path}?{name}={value[:40]!r}: {answer.status_code} {answer.text[:200]}"
            assert time.perf_counter() - start < 3, f"GET {path}?{name}={value[:40]!r} took long"

    assert asked > 10 * len(INJECTIONS)


async def test_injection_through_every_path_is_data(centre: Centre, admin):
    for method, path, entry in entries():
        if not entry.path:
            continue
        body = entry.json(centre.here) if entry.json else None
        for value in INJECTIONS:
            odd = path.format(**dict.fromkeys(entry.path, quote(value, safe="")))
            answer = await who_may(admin, path).request(method, odd, json=body)

            assert fine(answer), f"{method} {path} with {value[:40]!r}: {answer.status_code} {answer.text[:200]}"
            assert answer.status_code != 200 or not value.strip("./"), f"{method} {odd[:80]} was found"


@on_one_store
async def test_unknown_field_is_refused_by_every_body(centre: Centre, admin):
    for method, path, entry in entries():
        if entry.json is None or ends_the_sign_in(method, path):
            continue
        body = {**entry.json(centre.here), "surely_unknown": 1}
        answer = await who_may(admin, path).request(method, filled(centre, path, entry), json=body)

        assert answer.status_code == 422, f"{method} {path}: {answer.status_code} {answer.text[:200]}"
        assert any("surely_unknown" in error["field"] for error in answer.json()["errors"]), f"{method} {path}"


@on_one_store
async def test_body_that_is_no_json_or_of_another_kind_is_refused(centre: Centre, admin):
    for method, path, entry in entries():
        if entry.json is None or ends_the_sign_in(method, path):
            continue
        for kind in KINDS:
            for raw in RAW_BODIES:
                browser = who_may(admin, path)
                headers = {"content-type": kind.encode("latin-1"), **entry.headers}
                answer = await browser.request(method, filled(centre, path, entry), content=raw, headers=headers)

                assert fine(answer), f"{method} {path} {kind} {raw[:30]!r}: {answer.status_code} {answer.text[:200]}"
                assert answer.status_code >= 400, f"{method} {path} took {kind} {raw[:30]!r}"


async def test_odd_value_in_every_field_is_refused_or_kept_never_a_crash(centre: Centre, admin):
    for method, path, entry in entries():
        if entry.json is None or path.endswith("/password") or ends_the_sign_in(method, path):
            continue
        for field in (good := entry.json(centre.here)):
            for value in VALUES:
                browser = who_may(admin, path)
                where = filled(centre, path, entry)
                content = json.dumps({**good, field: value})
                headers = {"content-type": "application/json", **entry.headers}
                answer = await browser.request(method, where, content=content, headers=headers)

                assert fine(answer), f"{method} {path} {field}={value!r:.40}: {answer.status_code} {answer.text[:200]}"


async def test_logs_hold_no_name_number_password_or_token(
    centre: Centre, admin, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.WARNING, logger="httpx")  # the browser's log, not ours
    secrets = ["Gizli Kanarya", "kanarya.kasim", "denizde yürüyen kanarya", "5329998877", centre.key, "x-kanarya-token"]
    secrets += list(centre.cookies.values())
    browser = admin[Role.ADMINISTRATOR]

    made = await browser.post("/api/v1/users", json={"login": "kanarya.kasim", "name": "Gizli Kanarya"})
    link = (await browser.post(f"/api/v1/users/{made.json()['id']}/link")).json()["link"].partition("#")[2]
    await browser.post("/api/v1/session", json={"login": "kanarya.kasim", "password": "denizde yürüyen kanarya"})
    await browser.post("/api/v1/session/link", json={"token": "x-kanarya-token"})
    await browser.get("/api/v1/users?cursor=Gizli Kanarya 5329998877")
    await browser.get("/api/v1/5329998877", headers={"authorization": f"Bearer {centre.key}"})
    await browser.post("/api/v1/projects", json={"name": "Gizli Kanarya", "inbound_numbers": ["+905329998877"] * 101})
    await centre.app.state.db.close()
    crashed = await browser.get("/api/v1/users/Gizli Kanarya")

    written = capfd.readouterr().err + capfd.readouterr().out + caplog.text
    assert crashed.status_code == 503
    assert [secret for secret in [*secrets, link] if secret in written] == []
