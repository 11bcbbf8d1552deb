"""People and their browsers in front of the real doors."""

import httpx
from fastapi import FastAPI
from pyotp.totp import TOTP

from identity.login import service as login
from identity.roles.rights import Grant, Role
from identity.roles.service import replace
from identity.users import service as users
from kit import ids
from kit.db import Database, Tx

ORIGIN = "http://desk.test"
OURS = {"x-ahize": "1", "origin": ORIGIN}
PASSWORD = "yelken 47 martı"


class Doors:
    """Makes people, and browsers for them."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app
        self.db: Database = app.state.db
        self.browsers: list[httpx.AsyncClient] = []

    def browser(self, **headers: str) -> httpx.AsyncClient:
        """A client that nobody has signed in with; it sends what our own pages send unless told otherwise."""
        transport = httpx.ASGITransport(app=self.app)
        made = httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers=headers or OURS)
        self.browsers.append(made)
        return made

    async def person(
        self, login_name: str, *grants: Grant, password: str | None = None, extension: str | None = None
    ) -> str:
        now = self.app.state.clock.now()

        async def work(tx: Tx) -> str:
            person = await users.create(
                tx, login=login_name, name=f"Name of {login_name}", now=now, extension=extension
            )
            await replace(tx, person, grants)
            return person

        person = await self.db.write(work)
        if password is not None:
            browser = await self.enter(person)
            assert (await browser.post("/api/v1/me/password", json={"password": password})).status_code == 204
        return person

    async def link(self, person: str) -> str:
        state = self.app.state
        return await self.db.write(lambda tx: login.new_link(tx, state.seal, person, state.clock.now()))

    async def enter(self, person: str) -> httpx.AsyncClient:
        """A browser in which `person` is signed in."""
        browser = self.browser()
        answer = await browser.post("/api/v1/session/link", json={"token": await self.link(person)})
        assert answer.status_code == 200, answer.text
        if answer.json()["user"]["must_enrol"]:
            await self.enrol(browser)
        return browser

    async def enrol(self, browser: httpx.AsyncClient) -> str:
        """Set a second factor up, as administrators must; gives its secret."""
        secret = (await browser.post("/api/v1/me/second-factor")).json()["secret"]
        answer = await browser.put("/api/v1/me/second-factor", json={"code": self.code(secret)})
        assert answer.status_code == 204, answer.text
        return secret

    def code(self, secret: str, steps: int = 0) -> str:
        """What an authenticator app shows now, or `steps` of 30 s later."""
        return TOTP(secret).at(self.app.state.clock.now(), counter_offset=steps)

    async def new(self, role: Role, project: str | None = None) -> httpx.AsyncClient:
        """A browser of somebody new with `role`."""
        return await self.enter(await self.person(f"{role.value}-{ids.new()}", Grant(project, role)))

    async def close(self) -> None:
        for browser in self.browsers:
            await browser.aclose()
