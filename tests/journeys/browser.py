"""Chromium as an operator has it, with a record of all that a page was told and of all that it complained of."""

import json
import re
import shutil
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Page, Request, Response, WebSocket, async_playwright

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
PAGES = Path(__file__).parents[2] / "web" / "dist" / "index.html"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WATCH_POLICY = """
globalThis.policyReports = []
document.addEventListener('securitypolicyviolation', report =>
    policyReports.push(`${report.violatedDirective} ${report.blockedURI}`))
"""
EVERYTHING_KEPT = """() => JSON.stringify([
    document.documentElement.outerHTML,
    Object.entries(localStorage),
    Object.entries(sessionStorage),
    [...document.querySelectorAll('input, textarea')].map(field => field.value),
    document.title,
    location.href,
])"""


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A browser while the block runs; skips where there is none, or no built desk to look at."""
    lacks = _missing()
    if lacks is not None:
        pytest.skip(lacks)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        try:
            yield browser
        finally:
            await browser.close()


def _missing() -> str | None:
    if not Path(CHROMIUM).exists():
        return "no Chromium: install Debian's package chromium"
    return None if PAGES.exists() else "the desk's pages are not built: run `make web`"


class Watched:
    """One person's page. `faults`: what the browser complained of; `told`: every text that the service sent it."""

    def __init__(self, context: BrowserContext, page: Page) -> None:
        self.context, self.page = context, page
        self.faults: list[str] = []
        self.told: list[str] = []
        self._answers: list[Response] = []
        page.on("pageerror", lambda error: self.faults.append(f"page error: {error}"))
        page.on("console", lambda line: self.faults.append(f"console: {line.text}") if line.type == "error" else None)
        page.on("websocket", self._listen)
        page.on("requestfailed", self._failed)
        page.on("response", lambda answer: self._answers.append(answer))
        page.on("dialog", lambda dialog: dialog.accept())

    def _listen(self, stream: WebSocket) -> None:
        stream.on("framereceived", lambda frame: self.told.append(str(frame)))
        stream.on("framesent", lambda frame: self.told.append(str(frame)))

    def _failed(self, request: Request) -> None:
        """A request that a reload cut short is nobody's fault."""
        if "ERR_ABORTED" not in str(request.failure):
            self.faults.append(f"{request.method} {request.url}: {request.failure}")

    async def settled_faults(self) -> list[str]:
        """All complaints so far, those against the content policy among them."""
        return self.faults + await self.page.evaluate("policyReports")

    async def everything(self) -> str:
        """All that the page holds, keeps and was sent, as one text."""
        cookies = json.dumps(await self.context.cookies())
        answers = [await self._text(answer) for answer in self._answers if "/api/" in answer.url]
        return "\n".join([await self.page.evaluate(EVERYTHING_KEPT), cookies, *self.told, *answers])

    async def _text(self, answer: Response) -> str:
        try:
            return await answer.text()
        except Exception:  # a body that was never loaded, or that a reload has thrown away
            return ""


@asynccontextmanager
async def page_at(browser: Browser, link: str) -> AsyncIterator[Watched]:
    """A browser of somebody's own, gone to `link`."""
    context = await browser.new_context(
        viewport={"width": 1280, "height": 720}, locale="tr-TR", timezone_id="Europe/Istanbul"
    )
    await context.add_init_script(WATCH_POLICY)
    watched = Watched(context, await context.new_page())
    try:
        await watched.page.goto(link)
        yield watched
    finally:
        await context.close()


def numbers_in(text: str, numbers: Iterable[str]) -> list[str]:
    """Which of `numbers` (seven last digits) stand in `text`, however they are spaced."""
    dense = re.sub(r"[\s()+\u00a0-]|&nbsp;", "", text)
    return [number for number in numbers if number in dense]
