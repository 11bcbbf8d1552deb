"""The operator's desk in a real Chromium: a shift from the one-time link to the saved result, by keyboard."""

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio
from asterisk import Pbx
from browser import Watched, chromium, numbers_in, page_at
from phone import Phone, plugged_in
from playwright.async_api import Browser, Page, expect
from running import Centre, channels_of, until
from sharing import another_project, centre_at

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.browser,
    pytest.mark.timeout(120),
    pytest.mark.asyncio(loop_scope="module"),
]

SLOW_MS = 15_000
BACK_S = 2.0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def centre(pbx: Pbx, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Centre]:
    async with centre_at(pbx.address, tmp_path_factory.mktemp("desk")) as opened:
        yield opened


@dataclass
class Seat:
    """An operator at the desk, with the phone beside it. `number`: of the only customer, Asterisk's digits."""

    watched: Watched
    phone: Phone
    own: Centre
    campaign: str
    number: str

    @property
    def page(self) -> Page:
        return self.watched.page

    async def on_a_call(self) -> None:
        """Start the shift and the campaign; gives when the pop is drawn."""
        await self.page.keyboard.press("F3")
        await heading(self.page, "Sıradaki iş sizi bulacak")
        await self.own.start(self.campaign)
        await heading(self.page, "Örnek Kişi 1")

    async def call(self) -> dict[str, Any]:
        """The record of the one call that popped up here."""
        events = [frame["event"] for frame in map(json.loads, self.watched.told) if frame.get("type") == "event"]
        (pop,) = [event["pop"] for event in events if event.get("pop")]
        return await self.own.admin.get(f"/calls/{pop['call']}")

    async def never_saw_the_number(self) -> None:
        held = await self.watched.everything()
        assert "+90 532 ••• •• " in held
        assert numbers_in(held, [self.number[-7:]]) == []


@asynccontextmanager
async def seated(browser: Browser, pbx: Pbx, centre: Centre, extension: str, number: str) -> AsyncIterator[Seat]:
    """A new operator of a new project with one customer, who has opened the one-time link."""
    own = await another_project(centre)
    campaign = await own.campaign("warm")
    await own.upload(campaign, [number])
    link = await own.person(f"op-{extension}", "operator", extension)
    async with plugged_in(extension, pbx.address) as phone, page_at(browser, link) as watched:
        await watched.page.get_by_role("button", name="Şimdi değil").click()
        await watched.page.get_by_role("button", name="Vardiyaya başla").wait_for()
        yield Seat(watched, phone, own, campaign, "90" + number.replace(" ", "")[1:])


async def heading(page: Page, name: str) -> None:
    await page.get_by_role("heading", name=name).first.wait_for(timeout=SLOW_MS)


async def reloaded(page: Page) -> float:
    """Seconds from a reload to the pop."""
    began = time.monotonic()
    await page.reload(wait_until="commit")
    await heading(page, "Örnek Kişi 1")
    return time.monotonic() - began


async def test_a_call_from_the_link_to_the_saved_result(browser: Browser, pbx: Pbx, centre: Centre):
    async with seated(browser, pbx, centre, "1001", "0532 540 02 01") as seat:
        page = seat.page
        assert "#" not in page.url
        await expect(page.get_by_text("Hat açık")).to_be_visible()

        await seat.on_a_call()

        assert seat.phone.answered == 1
        await heading(page, "Neden arıyoruz")
        await expect(page.get_by_text("Eski müşteri; kayıtlı görüşme yok")).to_be_visible()
        await expect(page.get_by_text("+90 532 ••• •• 01").first).to_be_visible()
        await expect(page.get_by_text("Merhaba Örnek Kişi 1, Muğla için arıyorum.")).to_be_visible()
        await seat.phone.hears()

        await page.keyboard.press("Control+Shift+E")
        await page.get_by_text("Siz kapattınız").wait_for()
        await page.get_by_role("radiogroup").first.wait_for()
        assert await channels_of(pbx, seat.number) == 0

        await page.keyboard.press("Digit2")
        await page.keyboard.press("Control+Enter")
        await expect(page.get_by_text("Bir neden seçin").first).to_be_visible()
        await page.keyboard.press("Digit1")
        await page.keyboard.press("Control+Enter")
        await heading(page, "Sıradaki iş sizi bulacak")

        await seat.never_saw_the_number()
        assert await seat.watched.settled_faults() == []
        assert (await pbx.record(seat.number)).outcome == "ANSWERED"
        call = await seat.call()
        assert (call["disposition"], call["disposition_reason"]) == ("refused", "price")
        assert call["ended_by"] == "operator"


async def test_a_reload_in_a_call_leaves_the_call_and_brings_all_back(browser: Browser, pbx: Pbx, centre: Centre):
    async with seated(browser, pbx, centre, "1002", "0532 540 02 02") as seat:
        page = seat.page
        await seat.on_a_call()
        await page.get_by_role("textbox", name="Not").fill("Salı günü 3'te, <b>eve</b>")

        took = min([await reloaded(page) for _ in range(3)])

        await expect(page.get_by_role("textbox", name="Not")).to_have_value("Salı günü 3'te, <b>eve</b>")
        assert took < BACK_S
        assert await channels_of(pbx, seat.number) > 0
        assert seat.phone.answered == 1
        await seat.phone.hears()
        await seat.never_saw_the_number()
        assert await seat.watched.settled_faults() == []


async def test_a_second_window_shows_the_same_call_and_says_so(browser: Browser, pbx: Pbx, centre: Centre):
    async with seated(browser, pbx, centre, "1003", "0532 540 02 03") as seat:
        await seat.on_a_call()

        second = await seat.watched.context.new_page()
        await second.goto(centre.service.url)
        await heading(second, "Örnek Kişi 1")

        await expect(seat.page.get_by_text("Masanız 2 pencerede açık")).to_be_visible()
        await second.keyboard.press("Control+Shift+E")
        await seat.page.get_by_text("Siz kapattınız").wait_for()


async def test_the_customer_hangs_up_and_the_desk_goes_on_in_english(browser: Browser, pbx: Pbx, centre: Centre):
    async with seated(browser, pbx, centre, "1004", "0532 110 32 04") as seat:
        page = seat.page
        await seat.on_a_call()

        await page.get_by_role("button", name="English").click()
        await heading(page, "Why we call")
        assert await page.evaluate("document.documentElement.lang") == "en"
        await page.get_by_text("Customer hung up").wait_for(timeout=SLOW_MS)
        await page.get_by_role("radiogroup").first.wait_for()
        await page.keyboard.press("Digit1")
        await page.keyboard.press("Control+Enter")
        await heading(page, "The next work finds you")

        await page.get_by_role("button", name="Türkçe").click()
        await heading(page, "Sıradaki iş sizi bulacak")
        assert await seat.watched.settled_faults() == []


async def test_a_result_of_the_desk_reaches_the_lead(browser: Browser, pbx: Pbx, centre: Centre):
    async with seated(browser, pbx, centre, "1005", "0532 540 02 05") as seat:
        page = seat.page
        await seat.on_a_call()
        await page.keyboard.press("Control+Shift+E")
        await page.get_by_role("radiogroup").first.wait_for()

        await page.keyboard.press("Digit6")
        await page.keyboard.press("Control+Enter")
        await heading(page, "Sıradaki iş sizi bulacak")

        async def barred() -> list[dict]:
            return (await seat.own.admin.get(f"/projects/{seat.own.project}/dnc"))["items"]

        (entry,) = await until(barred)
        assert entry["number_masked"] == "+90 532 ••• •• 05"
