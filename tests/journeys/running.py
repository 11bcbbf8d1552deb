"""The service as a process of its own, its people, and the desks that follow its events."""

import asyncio
import json
import os
import random
import re
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import yaml
from asterisk import Pbx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from cli.demo.centre import ALL_DAY, Door

ROOT = Path(__file__).parents[2]
NUMBER = "+902120000000"
START_S = 30.0
SIP_PORTS = range(18_000, 25_900)
KINDS = (socket.SOCK_DGRAM, socket.SOCK_STREAM)


def free_sip_port() -> int:
    """A port that is free for UDP and TCP, below those that the system gives to connections meanwhile."""
    return next(port for port in random.sample(SIP_PORTS, len(SIP_PORTS)) if all(map(partial(_is_free, port), KINDS)))


def _is_free(port: int, kind: socket.SocketKind) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


@dataclass
class Service:
    """One service on its own folder. It can be killed and started again on the same data and SIP address."""

    folder: Path
    pbx: tuple[str, int]
    secret: str = "dialer-secret"
    overrides: dict[str, Any] = field(default_factory=dict)
    process: asyncio.subprocess.Process | None = None
    url: str = ""
    first_link: str = ""

    def write_config(self) -> Path:
        settings: dict[str, Any] = {
            "server": {"port": 0},
            "database": {"url": f"sqlite+aiosqlite:///{self.folder / 'ahize.db'}"},
            "keys": {"master_key_file": str(self.folder / "master.key")},
            "uploads": {"folder": str(self.folder / "uploads")},
            "recordings": {"folder": str(self.folder / "recordings")},
            "log": {"level": "info"},
            "sip": {"port": self.sip_port},
            "media": {"port_min": 26000 + self._slot * 600, "port_max": 26599 + self._slot * 600},
            "trunks": [
                {
                    "name": "pbx",
                    "host": self.pbx[0],
                    "port": self.pbx[1],
                    "username": "dialer",
                    "password": self.secret,
                }
            ],
        } | self.overrides
        path = self.folder / "config.yaml"
        path.write_text(yaml.safe_dump(settings))
        return path

    def __post_init__(self) -> None:
        self._slot = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 4
        self.sip_port = free_sip_port()
        self.folder.mkdir(parents=True, exist_ok=True)

    async def start(self) -> None:
        """Start, and wait until it says where it is."""
        with (self.folder / "service.log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "cli.main", "serve", "--config", str(self.write_config())),
                cwd=ROOT,
                stderr=log,
            )
        self.url = await self._said(r"Ahize is at (\S+)")
        if not self.first_link:
            self.first_link = await self._said(r"(http\S+/link#\S+)")

    @property
    def log(self) -> str:
        return (self.folder / "service.log").read_text()

    async def _said(self, pattern: str) -> str:
        async with asyncio.timeout(START_S):
            while True:
                found = re.findall(pattern, self.log)
                if found:
                    return found[-1]
                assert self.process is not None
                if self.process.returncode is not None:
                    raise AssertionError(f"the service ended:\n{self.log}")
                await asyncio.sleep(0.05)

    async def kill(self) -> None:
        """As a crash would: nothing is said to anybody."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        await self.process.wait()
        (self.folder / "service.log").rename(self.folder / f"killed-{uuid4().hex}.log")

    async def stop(self) -> None:
        if self.process is None or self.process.returncode is not None:
            return
        self.process.terminate()
        with suppress(TimeoutError):
            await asyncio.wait_for(self.process.wait(), 15)
        if self.process.returncode is None:
            self.process.kill()
            await self.process.wait()


@dataclass
class Centre:
    """A service with a project, its administrator's door, and whoever is made by `person`."""

    service: Service
    admin: Door
    project: str

    @classmethod
    async def open(cls, service: Service) -> "Centre":
        admin = Door(service.url)
        await admin.sign_in(service.first_link)
        body = {"name": "Örnek", "country": "TR", "zone": "Europe/Istanbul", "inbound_numbers": [NUMBER]}
        return cls(service, admin, (await admin.post("/projects", body))["id"])

    async def person(self, login: str, role: str, extension: str | None = None) -> str:
        """Makes one; gives a one-time link."""
        person = await self.admin.post("/users", {"login": login, "name": f"Örnek {login}", "extension": extension})
        grants = {"grants": [{"project": self.project, "role": role}]}
        await self.admin.put(f"/users/{person['id']}/roles", grants)
        return (await self.admin.post(f"/users/{person['id']}/link"))["link"]

    async def operator(self, extension: str = "1001") -> "Desk":
        return await Desk.open(self.service.url, await self.person(f"op-{extension}", "operator", extension))

    async def watcher(self) -> "Desk":
        """A supervisor, who sees every event of the project."""
        return await Desk.open(self.service.url, await self.person("watcher", "supervisor"))

    async def campaign(self, temperature: str, **values: Any) -> str:
        body = {
            "project": self.project,
            "name": f"{temperature} {uuid4().hex[:6]}",
            "temperature": temperature,
            "caller_id": NUMBER,
            "hours": ALL_DAY,
            "script": "Merhaba {name}, {Şehir} için arıyorum.",
            "ring_s": 15,
            "wrap_up_s": 30,
            "message": "message",
            **values,
        }
        return (await self.admin.post("/campaigns", body))["id"]

    async def upload(self, campaign: str, numbers: list[str]) -> dict[str, Any]:
        lines = ["Ad Soyad;Telefon;Şehir"] + [f"Örnek Kişi {n};{number};Muğla" for n, number in enumerate(numbers, 1)]
        return await self.admin.upload(campaign, "liste.csv", "\r\n".join(lines).encode("cp1254"))

    async def start(self, campaign: str) -> None:
        await self.admin.post(f"/campaigns/{campaign}/start")

    async def trunk_up(self, within: float = 30.0) -> None:
        await until(lambda: self._trunk_is("up"), within)

    async def _trunk_is(self, wanted: str) -> bool:
        system = await self.admin.get("/system")
        return all(trunk[wanted] for trunk in system["trunks"])


class Desk:
    """An operator's client: a session, the event stream, and what has come by it."""

    def __init__(self, door: Door, url: str) -> None:
        self.door, self.url = door, url
        self.user = ""
        self.events: list[dict[str, Any]] = []
        self.frames: list[dict[str, Any]] = []
        self.position = 0
        self.epoch = ""
        self._stream: ClientConnection | None = None
        self._reading: asyncio.Task[None] | None = None
        self._news = asyncio.Event()

    @classmethod
    async def open(cls, url: str, link: str) -> "Desk":
        door = Door(url)
        desk = cls(door, url)
        desk.user = (await door.sign_in(link))["user"]["id"]
        await desk.connect()
        return desk

    @classmethod
    async def again(cls, earlier: "Desk", url: str) -> "Desk":
        """The same browser, after the service has come back."""
        desk = cls(earlier.door.at(url), url)
        desk.user = earlier.user
        await desk.connect()
        return desk

    async def connect(self, query: str = "") -> None:
        self._stream = await connect(
            f"ws{self.url[4:]}/api/v1/events{query}",
            origin=self.url,
            additional_headers={"Cookie": self.door.browser.cookie},
            compression=None,
        )
        self._reading = asyncio.create_task(self._read(self._stream))
        await self.until(lambda: any(frame["type"] == "hello" for frame in self.frames), 20)

    async def disconnect(self) -> None:
        if self._stream is not None:
            await self._stream.close()
        if self._reading is not None:
            await self._reading

    async def _read(self, stream: ClientConnection) -> None:
        with suppress(ConnectionClosed):
            await self._follow(stream)

    async def _follow(self, stream: ClientConnection) -> None:
        async for text in stream:
            frame = json.loads(text)
            self.frames.append(frame)
            if frame["type"] == "event":
                self.position = frame["position"]
                self.events.append(frame["event"])
            elif frame["type"] == "hello":
                self.epoch = frame["epoch"]
            self._news.set()

    async def until(self, met: Callable[[], Any], within: float = 30.0) -> Any:
        """Wait until `met` gives something true of what has come; gives that."""
        async with asyncio.timeout(within):
            while not (found := met()):
                self._news.clear()
                await self._news.wait()
            return found

    async def ready(self) -> None:
        """Be called on the phone, then be ready for calls."""
        await self.door.put("/desk/state", {"state": "ready"})
        await self.state("ready")

    async def state(self, wanted: str, within: float = 30.0) -> dict[str, Any]:
        """Wait until the last told state is `wanted`."""
        return await self.until(lambda: self._is(wanted), within)

    def _is(self, wanted: str) -> dict[str, Any] | None:
        told = [e for e in self.events if e["type"] == "ahize.operator.changed.v1" and e["subject"] == self.user]
        return told[-1] if told and told[-1]["data"]["state"] == wanted else None

    async def pop(self, n: int = 1, within: float = 30.0) -> dict[str, Any]:
        """The n-th screen-pop that came."""
        return (await self.until(lambda: self.pops()[n - 1 : n], within))[0]

    def pops(self) -> list[dict[str, Any]]:
        return [event["pop"] for event in self.events if event.get("pop")]

    async def told(self, kind: str, n: int = 1, within: float = 20.0) -> dict[str, Any]:
        """The n-th event of a type that came."""
        return (await self.until(lambda: [e for e in self.events if e["type"] == kind][n - 1 : n], within))[0]

    async def dispose(self, call: str, code: str, **more: Any) -> Any:
        return await self.door.post(f"/calls/{call}/disposition", {"code": code, **more}, key=uuid4().hex)

    async def close(self) -> None:
        await self.disconnect()
        await self.door.browser.close()


async def channels_of(pbx: Pbx, number: str) -> int:
    """How many of Asterisk's channels are about `number` (digits)."""
    return sum(number in line for line in (await pbx.command("core show channels concise")).splitlines())


async def until(met: Callable[[], Any], within: float = 10.0) -> Any:
    """Ask again and again until the awaited answer is true; gives it."""
    async with asyncio.timeout(within):
        while not (found := await met()):
            await asyncio.sleep(0.1)
        return found


async def heard(door: Door, path: str) -> tuple[str, bytes]:
    """The law of a stereo WAV and its bytes, left and right in turn."""
    async with httpx.AsyncClient(headers={"cookie": door.browser.cookie}) as client:
        wav = (await client.get(f"{door.browser.origin}/api/v1{path}")).content
    return {6: "PCMA", 7: "PCMU"}[int.from_bytes(wav[20:22], "little")], wav[58:]
