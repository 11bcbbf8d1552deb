"""The built desk as it is served."""

from pathlib import Path

import httpx
import pytest
from doors import ORIGIN

from api.app import Parts, create_app


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    dist = tmp_path / "dist"
    (dist / "assets").mkdir(parents=True)
    (dist / "index.html").write_text("<!doctype html><title>desk</title>")
    (dist / "assets" / "app-1a2b3c.js").write_text("export {}")
    (tmp_path / "secret.txt").write_text("secret")
    (dist / "out.txt").symlink_to(tmp_path / "secret.txt")
    return dist


@pytest.fixture
async def browser(parts: Parts, folder: Path):
    app = create_app(Parts(**{**vars(parts), "pages": folder}))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=ORIGIN) as opened:
        yield opened


async def test_every_address_of_the_desk_is_its_first_page(browser: httpx.AsyncClient):
    for path in ("/", "/index.html", "/link", "/campaigns/12"):
        page = await browser.get(path, headers={"accept": "text/html"})

        assert (page.status_code, page.text) == (200, "<!doctype html><title>desk</title>"), path
        assert page.headers["cache-control"] == "no-cache"


async def test_page_may_run_its_own_scripts_and_styles_alone(browser: httpx.AsyncClient):
    policy = (await browser.get("/")).headers["content-security-policy"]

    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


async def test_asset_with_its_hash_is_kept_for_ever_and_a_missing_one_is_not_a_page(browser: httpx.AsyncClient):
    kept = await browser.get("/assets/app-1a2b3c.js")
    missing = await browser.get("/assets/gone-000000.js")

    assert kept.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert kept.headers["content-type"].startswith("text/javascript")
    assert missing.status_code == 404
    assert missing.headers["content-type"] == "application/problem+json"
    assert missing.headers["cache-control"] == "no-store"


async def test_page_is_not_sent_again_when_it_is_the_same(browser: httpx.AsyncClient):
    first = await browser.get("/")

    again = await browser.get("/", headers={"if-none-match": first.headers["etag"]})

    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/assets/..%2f..%2fsecret.txt",
        "/assets/%2e%2e%2f%2e%2e%2fsecret.txt",
        "/%2fetc/passwd",
        "//etc/passwd",
        "/out.txt",
        "/assets/%c0%ae%c0%ae/secret.txt",
        "/assets/" + "a" * 5000 + ".js",
        "/%00.txt",
    ],
)
async def test_no_address_leads_out_of_the_folder(browser: httpx.AsyncClient, path: str):
    answer = await browser.get(path)

    assert answer.status_code in (400, 404), answer.text
    assert "secret" not in answer.text
    assert "root:" not in answer.text


async def test_api_address_that_is_none_is_a_problem_not_a_page(browser: httpx.AsyncClient):
    for path in ("/api", "/api/", "/api/v1", "/api/v1/nothing", "/api/v1/users/"):
        answer = await browser.get(path, headers={"accept": "text/html"})

        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path


async def test_desk_that_is_not_built_says_how_to_build_it(parts: Parts):
    app = create_app(parts)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=ORIGIN) as browser:
        answer = await browser.get("/")

    assert (answer.status_code, answer.json()["code"]) == (404, "desk_not_built")
    assert "make web" in answer.json()["detail"]
