"""Simulated operators: each opens the desk's event stream, takes its calls, gives results and is ready again.

The arrival of each pop goes into the exchange's log, on the exchange's clock.
"""

import asyncio
import json
import random
import re
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Origin

from kit import log
from kit.tasks import Tasks
from practice.config import Clients
from practice.http import Browser
from practice.log import CallLog

AGAIN_S = 1.0
_IDLE = ("offline", "not_ready")
_log = log.get("practice.clients")


class SignInFailed(Exception):
    """The one-time link was refused: make a new one."""


class SimulatedOperator:
    """One user. `run` works until it is cancelled; `leave` signs off."""

    def __init__(self, settings: Clients, link: str, calls: CallLog, seed: int) -> None:
        self._settings, self._link, self._calls = settings, link, calls
        self._dice = random.Random(f"{seed}:{link}")
        self._browser = Browser(settings.base_url)
        self._place: dict[str, str] = {}
        self._seen: set[str] = set()
        self._ended: dict[str, asyncio.Event] = {}
        self._tasks = Tasks()
        self._wish: asyncio.Task[None] | None = None
        self._state = "offline"
        self.user = ""
        self.pops = self.results = 0

    async def run(self) -> None:
        """Sign in, then follow the stream, and come back to it whenever it breaks."""
        async with self._tasks:
            await asyncio.sleep(self._dice.uniform(0, self._settings.arrive_s))
            await self._sign_in()
            while True:
                with suppress(OSError, WebSocketException):
                    await self._follow()
                await asyncio.sleep(AGAIN_S)

    async def leave(self) -> None:
        """Sign off at the end of the day."""
        with suppress(OSError):
            await self._browser.send("PUT", "/desk/state", {"state": "offline"})
        await self._browser.close()

    # ------------------------------------------------------------ the desk

    async def _sign_in(self) -> None:
        token = token_of(self._link)
        while True:
            with suppress(OSError):
                answer = await self._browser.send("POST", "/session/link", {"token": token})
                if answer.fine:
                    self.user = answer.body["user"]["id"]
                    return
                if 400 <= answer.status < 500 and answer.status != 429:
                    raise SignInFailed(f"The link was refused with {answer.status}: make a new one.")
            await asyncio.sleep(AGAIN_S)

    async def _follow(self) -> None:
        query = "&".join(f"{name}={value}" for name, value in self._place.items())
        url = f"{self._browser.socket_url}?{query}" if query else self._browser.socket_url
        headers = {"Cookie": self._browser.cookie}
        origin = Origin(self._browser.origin)
        async with connect(url, origin=origin, additional_headers=headers, compression=None) as stream:
            await self._read(stream)

    async def _read(self, stream: ClientConnection) -> None:
        async for text in stream:
            arrived = time.monotonic()
            frame = json.loads(text)
            if frame["type"] == "event":
                self._place["after"] = str(frame["position"])
                self._see(frame["event"], arrived)
            elif frame["type"] == "hello":
                self._place["epoch"] = frame["epoch"]
            elif frame["type"] == "resync":
                self._place["after"] = str(frame["position"])
                self._catch_up(frame["snapshot"], arrived)

    def _see(self, event: Mapping[str, Any], arrived: float) -> None:
        body = event["data"]
        if event.get("pop"):
            self._take(event["pop"], arrived)
        elif event["type"] == "ahize.call.ended.v1" and event["subject"] in self._ended:
            self._ended[event["subject"]].set()
        elif event["type"] == "ahize.operator.changed.v1" and event["subject"] == self.user:
            self._follow_state(body["state"])

    def _catch_up(self, snapshot: Mapping[str, Any], arrived: float) -> None:
        if snapshot["call"]:
            self._take(snapshot["call"], arrived)
        self._follow_state(snapshot["operator"]["state"])

    # ------------------------------------------------------------ ready

    def _follow_state(self, state: str) -> None:
        self._state = state
        if state in _IDLE and (self._wish is None or self._wish.done()):
            self._wish = self._tasks.spawn(self._get_ready(), "practice_ready")

    async def _get_ready(self) -> None:
        """Ask until it is so: the phone or the trunk may not be there yet."""
        while self._state in _IDLE:
            await asyncio.sleep(self._dice.uniform(0.1, 0.5))
            with suppress(OSError):
                answer = await self._browser.send("PUT", "/desk/state", {"state": "ready"})
                if not answer.fine:
                    _log.info("the desk refused to be ready", operator=self.user, status=answer.status)
            await asyncio.sleep(AGAIN_S)

    # ------------------------------------------------------------ calls

    def _take(self, pop: Mapping[str, Any], arrived: float) -> None:
        call = pop["call"]
        if call in self._seen:
            return
        self._seen.add(call)
        self.pops += 1
        self._calls.write("pop", t=arrived, call=call, attempt=pop["attempt"], operator=self.user)
        self._ended[call] = asyncio.Event()
        self._tasks.spawn(self._work(pop), "practice_call")

    async def _work(self, pop: Mapping[str, Any]) -> None:
        await self._talk(pop["call"])
        await asyncio.sleep(self._dice.uniform(*self._settings.wrap_up_s))
        await self._give_result(pop)
        del self._ended[pop["call"]]

    async def _talk(self, call: str) -> None:
        ended = self._ended[call]
        with suppress(TimeoutError):
            async with asyncio.timeout(self._dice.uniform(*self._settings.talk_s)):
                await ended.wait()
        if ended.is_set():
            return
        with suppress(OSError):
            await self._browser.send("POST", f"/calls/{call}/hangup")
        with suppress(TimeoutError):
            async with asyncio.timeout(10):
                await ended.wait()

    async def _give_result(self, pop: Mapping[str, Any]) -> None:
        """Send the result until it is taken; the key makes the repeats harmless."""
        result, key = choose_result(pop["dispositions"], self._dice), uuid4().hex
        for _ in range(5):
            with suppress(OSError):
                answer = await self._browser.send("POST", f"/calls/{pop['call']}/disposition", result, key=key)
                if answer.fine:
                    self.results += 1
                    self._calls.write("result", call=pop["call"], operator=self.user, code=result["code"])
                    return
                _log.info("a result was refused", operator=self.user, call=pop["call"], status=answer.status)
            await asyncio.sleep(AGAIN_S)


def token_of(link: str) -> str:
    """The token of a one-time link: what stands after its last mark."""
    return re.split(r"[/#?=]", link.rstrip("/"))[-1]


def choose_result(dispositions: list[dict[str, Any]], dice: random.Random) -> dict[str, str]:
    """One of the results that may be given, with what it needs."""
    chosen = dice.choice(dispositions)
    result = {"code": chosen["code"]}
    if chosen["reasons"]:
        result["reason"] = dice.choice(chosen["reasons"])["code"]
    if "callback" in chosen.get("flags", ()):
        result["callback_at"] = (datetime.now(UTC) + timedelta(hours=dice.randint(1, 72))).isoformat()
    return result
