"""The first start in a real Chromium: the administrator's link, a password, the second factor, and the way back in."""

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from asterisk import Pbx
from browser import Watched, chromium, page_at
from playwright.async_api import Browser, Page, expect
from pyotp.totp import TOTP
from running import Service

pytestmark = [pytest.mark.asterisk, pytest.mark.browser, pytest.mark.timeout(120)]

SLOW_MS = 15_000
PASSWORD = "denizde yürüyen tren"


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as made:
        yield made


@pytest.fixture
async def bare(pbx: Pbx, tmp_path: Path) -> AsyncIterator[Service]:
    """A service that nobody has signed in to yet."""
    service = Service(tmp_path / "service", pbx.address)
    await service.start()
    yield service
    await service.stop()


async def choose_password(page: Page) -> None:
    await page.get_by_label("New password", exact=True).fill(PASSWORD)
    await page.get_by_label("New password, again").fill(PASSWORD)
    await page.get_by_role("button", name="Save password").click()


async def set_up_factor(page: Page) -> TOTP:
    """As with a phone in the hand; gives what the app then knows."""
    await expect(page.get_by_role("img", name="QR code for your authenticator app")).to_be_visible(timeout=SLOW_MS)
    totp = TOTP((await page.locator(".factor-secret").inner_text()).replace(" ", ""))
    await page.get_by_role("textbox", name="Code").fill(totp.now())
    await page.get_by_role("button", name="Confirm").click()
    return totp


async def at_home(watched: Watched) -> None:
    await watched.page.get_by_role("heading", name="Administrator").wait_for(timeout=SLOW_MS)


async def test_administrator_comes_in_by_link_then_by_password_and_code(browser: Browser, bare: Service):
    async with page_at(browser, bare.first_link) as watched:
        await choose_password(watched.page)
        totp = await set_up_factor(watched.page)
        await at_home(watched)

        assert await watched.settled_faults() == []

    async with page_at(browser, f"{bare.url}/signin") as watched:
        page = watched.page
        await page.get_by_label("Kullanıcı adı").fill("admin")
        await page.get_by_label("Parola", exact=True).fill(PASSWORD)
        await page.get_by_role("button", name="Giriş yap").click()
        await page.get_by_role("textbox", name="Kod").fill("000000")
        await page.get_by_role("button", name="Giriş yap").click()
        await expect(page.get_by_role("alert")).to_contain_text("Bu kod yanlış", timeout=SLOW_MS)
        following = totp.at(int(time.time()), counter_offset=1)  # the one that is on was used to set it up
        await page.get_by_role("textbox", name="Kod").fill(following)
        await page.get_by_role("button", name="Giriş yap").click()
        await at_home(watched)
