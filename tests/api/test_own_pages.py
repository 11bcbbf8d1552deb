"""Changes come from our own pages or with a key (T23); what every answer tells a browser; who is local (T40)."""

import httpx
import pytest
from doors import ORIGIN, Doors
from fastapi import FastAPI

from api.app import Parts, create_app
from identity.parts import SignIn
from identity.roles.rights import Role

FOREIGN = "http://evil.test"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": ORIGIN},
        {"x-ahize": "1"},
        {"x-ahize": "1", "origin": FOREIGN},
        {"x-ahize": "1", "origin": "null"},
        {"x-ahize": "1", "origin": "https://desk.test"},
        {"x-ahize": "1", "origin": "http://desk.test:81"},
        {"x-ahize": "1", "origin": "http://desk.test.evil.test"},
        {"x-ahize": "1", "origin": "http://evil.test/http://desk.test"},
        {"x-ahize": "1", "origin": "http://desk.test@evil.test"},
        {"x-ahize": "1", "origin": "//desk.test"},
        {"x-ahize": "0", "origin": ORIGIN},
        {"x-ahize": "1", "referer": ORIGIN + "/"},
    ],
)
async def test_change_from_a_foreign_page_is_refused(doors: Doors, headers: dict[str, str]):
    browser = await doors.new(Role.ADMINISTRATOR)
    forged = doors.browser(**(headers or {"accept": "*/*"}))
    forged.cookies.set("ahize_session", browser.cookies["ahize_session"])

    answers = [
        await forged.post("/api/v1/users", json={"login": "forged", "name": "Forged"}),
        await forged.delete("/api/v1/session"),
        await forged.post("/api/v1/session", json={"login": "x", "password": "y"}),
    ]

    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(403, "not_our_page")}
    assert "forged" not in (await browser.get("/api/v1/users")).text


async def test_change_from_our_page_passes_by_either_of_its_names(doors: Doors):
    browser = await doors.new(Role.ADMINISTRATOR)

    other = {"origin": "http://127.0.0.1:8080", "host": "127.0.0.1:8080"}
    here = await browser.post("/api/v1/users", json={"login": "a", "name": "A"})
    there = await browser.post("/api/v1/users", json={"login": "b", "name": "B"}, headers=other)

    assert (here.status_code, there.status_code) == (201, 201)


async def test_authorization_header_does_not_open_the_cookies_session_to_others(doors: Doors):
    browser = await doors.new(Role.ADMINISTRATOR)
    forged = doors.browser(origin=FOREIGN, authorization="Bearer x")
    forged.cookies.set("ahize_session", browser.cookies["ahize_session"])

    assert (await forged.post("/api/v1/users", json={"login": "a", "name": "A"})).status_code == 401


async def test_no_answer_lets_a_foreign_page_read_it(doors: Doors):
    browser = await doors.new(Role.ADMINISTRATOR)

    asked = await browser.get("/api/v1/me", headers={"origin": FOREIGN})
    preflight = await doors.browser(origin=FOREIGN, **{"access-control-request-method": "POST"}).options(
        "/api/v1/users"
    )

    assert "access-control-allow-origin" not in asked.headers
    assert "access-control-allow-origin" not in preflight.headers
    assert preflight.status_code == 405


@pytest.mark.parametrize("path", ["/health", "/api/v1/me", "/api/v1/nothing", "/", "/%00"])
async def test_every_answer_carries_the_safe_headers(doors: Doors, path: str):
    headers = (await doors.browser().get(path)).headers

    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert headers["content-security-policy"].startswith("default-src 'none'; frame-ancestors 'none'")
    assert "strict-transport-security" not in headers


async def test_browsers_are_kept_on_tls_where_there_is_some(parts: Parts):
    app = create_app(Parts(**{**vars(parts), "sign_in": SignIn(url="https://desk.test", secure=True)}))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="https://desk.test") as browser:
        assert "max-age" in (await browser.get("/health")).headers["strict-transport-security"]


async def test_foreign_host_name_is_refused_where_names_are_set(parts: Parts):
    app = create_app(Parts(**{**vars(parts), "hosts": frozenset({"desk.test"})}))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=ORIGIN) as browser:
        assert (await browser.get("/api/v1/me")).status_code == 401
        assert (await browser.get("/api/v1/me", headers={"host": "rebound.test"})).status_code == 400
        assert (await browser.get("/health", headers={"host": "127.0.0.1:8080"})).status_code == 200


@pytest.mark.parametrize("path", ["/metrics", "/api/v1/openapi.json"])
@pytest.mark.parametrize(
    ("client", "headers", "status"),
    [
        ("127.0.0.1", {"host": "127.0.0.1:8080"}, 200),
        ("::1", {"host": "[::1]:8080"}, 200),
        ("127.0.0.1", {"host": "localhost"}, 200),
        ("10.0.0.7", {"host": "127.0.0.1:8080"}, 401),
        ("127.0.0.1", {"host": "rebound.test"}, 401),
        ("127.0.0.1", {"host": "127.0.0.1", "x-forwarded-for": "10.0.0.7"}, 401),
        ("127.0.0.1", {"host": "127.0.0.1", "forwarded": "for=10.0.0.7"}, 401),
        ("127.0.0.1", {"host": "127.0.0.1", "via": "1.1 caddy"}, 401),
    ],
)
async def test_inner_figures_are_for_this_machine_alone(
    app: FastAPI, path: str, client: str, headers: dict[str, str], status: int
):
    transport = httpx.ASGITransport(app=app, client=(client, 40000))
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as asking:
        answer = await asking.get(path, headers=headers)

    assert answer.status_code == status


async def test_administrator_reads_the_figures_from_anywhere(doors: Doors, app: FastAPI):
    admin, manager = await doors.new(Role.ADMINISTRATOR), await doors.new(Role.MANAGER, "p" * 32)

    for browser, status in ((admin, 200), (manager, 403)):
        browser._transport = httpx.ASGITransport(app=app, client=("10.0.0.7", 40000))
        assert (await browser.get("/metrics")).status_code == status


async def test_interactive_documentation_is_off(doors: Doors):
    browser = await doors.new(Role.ADMINISTRATOR)

    for path in ("/docs", "/redoc", "/openapi.json", "/api/v1/docs"):
        assert (await browser.get(path)).status_code == 404
