"""Set the example centre up through the API, as a manager would."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from pyotp.totp import TOTP

from cli.demo.people import example_list
from practice.http import Browser

NUMBER = "+902120000000"
ALL_DAY = {day: [["00:00", "24:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
SOON = {
    "max_tries": 4,
    "busy": {"delay_s": 60, "tries": 3},
    "no_answer": {"delay_s": 120, "tries": 3},
    "unavailable": {"delay_s": 120, "tries": 2},
}
IMPORT_S = 60


@dataclass(frozen=True, slots=True)
class Plan:
    """One campaign of the example: its list has `leads` rows with numbers of `prefix`."""

    name: str
    temperature: str
    prefix: str
    leads: int
    script: str


PLANS = (
    Plan(
        "Fiber tanıtımı",
        "cold",
        "532",
        900,
        "Merhaba {name}, Örnek Telekom'dan arıyorum. {Şehir} için yeni fiber tarifemizi anlatabilir miyim?",
    ),
    Plan(
        "Eski müşterilere yeni tarife",
        "warm",
        "555",
        200,
        "Merhaba {name}, bizde {Tarife} kullanıyordunuz. Aynı fiyata iki kat hız veren tarifemiz için arıyorum.",
    ),
    Plan(
        "Siteden gelenler",
        "hot",
        "501",
        40,
        "Merhaba {name}, sitemize bıraktığınız başvuru için arıyorum. {Tarife} kurulumunu hangi gün yapalım?",
    ),
)


@dataclass(frozen=True, slots=True)
class Seat:
    """One person of the example: what they are called, their role, their phone if they have one."""

    login: str
    name: str
    role: str
    extension: str | None = None


@dataclass(frozen=True, slots=True)
class Centre:
    """The example as it stands: the project, the campaigns by temperature, one-time links by login."""

    project: str
    campaigns: dict[str, str]
    links: dict[str, str]


class Door:
    """The API as one signed-in person uses it; what is refused raises Refused. `totp`: an administrator's app."""

    def __init__(self, url: str, cookies: Mapping[str, str] | None = None) -> None:
        self.browser = Browser(url, cookies)
        self.totp: TOTP | None = None

    async def __aenter__(self) -> "Door":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.browser.close()

    def at(self, url: str) -> "Door":
        """The same person at another address of the service."""
        return Door(url, self.browser.cookies)

    async def sign_in(self, link: str) -> Any:
        """Use a one-time link up; an administrator sets a second factor up, without which nothing is open."""
        session = await self.post("/session/link", {"token": link.rpartition("#")[2]})
        if session["user"]["must_enrol"]:
            self.totp = TOTP((await self.post("/me/second-factor"))["secret"])
            await self.put("/me/second-factor", {"code": self.totp.now()})
        return session

    async def get(self, path: str) -> Any:
        return await self._fine("GET", path)

    async def put(self, path: str, body: Any) -> Any:
        return await self._fine("PUT", path, body)

    async def post(self, path: str, body: Any = None, key: str | None = None) -> Any:
        return await self._fine("POST", path, body, key=key)

    async def upload(self, campaign: str, name: str, content: bytes) -> Any:
        """Send a list and wait until every row has its verdict."""
        sent = {"form": {"campaign": campaign}, "file": (name, content), "key": uuid4().hex}
        listed = await self._fine("POST", "/lists", **sent)
        async with asyncio.timeout(IMPORT_S):
            while listed["state"] not in ("done", "failed"):
                await asyncio.sleep(0.05)
                listed = await self.get(f"/lists/{listed['id']}")
        return listed

    async def _fine(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        answer = await self.browser.send(method, path, body, **more)
        if not answer.fine:
            raise Refused(f"{method} {path}: {answer.status} {answer.body}")
        return answer.body


class Refused(Exception):
    """The service said no."""


async def build(url: str, link: str, seats: tuple[Seat, ...]) -> Centre:
    """Make project, people, campaigns and lists; the campaigns are not started yet."""
    async with Door(url) as door:
        await door.sign_in(link)
        body = {"name": "Örnek Telekom", "country": "TR", "zone": "Europe/Istanbul", "inbound_numbers": [NUMBER]}
        project = (await door.post("/projects", body))["id"]
        links = {seat.login: await _seat(door, project, seat) for seat in seats}
        campaigns = {plan.temperature: await _campaign(door, project, plan) for plan in PLANS}
        return Centre(project, campaigns, links)


async def start(url: str, link: str, campaigns: dict[str, str]) -> None:
    """Let every campaign dial."""
    async with Door(url) as door:
        await door.sign_in(link)
        for campaign in campaigns.values():
            await door.post(f"/campaigns/{campaign}/start")


async def _seat(door: Door, project: str, seat: Seat) -> str:
    person = await door.post("/users", {"login": seat.login, "name": seat.name, "extension": seat.extension})
    await door.put(f"/users/{person['id']}/roles", {"grants": [{"project": project, "role": seat.role}]})
    return (await door.post(f"/users/{person['id']}/link"))["link"]


async def _campaign(door: Door, project: str, plan: Plan) -> str:
    body = {
        "project": project,
        "name": plan.name,
        "temperature": plan.temperature,
        "caller_id": NUMBER,
        "hours": ALL_DAY,
        "retry": SOON,
        "script": plan.script,
        "ring_s": 15,
        "wrap_up_s": 10,
        "message": "message" if plan.temperature == "cold" else None,
    }
    campaign = (await door.post("/campaigns", body))["id"]
    await door.upload(campaign, f"{plan.temperature}.csv", example_list(plan.prefix, plan.leads, seed=plan.leads))
    return campaign
