"""`ahize demo`: exchange, service and example centre, from nothing to running calls."""

import asyncio
import fcntl
import json
import os
import shutil
import signal
import sys
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from cli.demo import centre, exchange, history, report
from cli.serve import until_stopped
from cli.service import Service, running
from cli.settings import Database, Keys, Media, Recordings, Server, Settings, Sip, Trunk, Uploads
from kit import log
from kit.clock import SystemClock
from kit.errors import Conflict

FOLDER = Path("var/demo")
ARRIVE_S = 0.25  # between two simulated operators who come to work
INCOMING_PER_MINUTE = 6.0
FINISH_S = 90.0
WRAP_UP_S = 15.0
OWN_PHONE = "1001"


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for on the command line. `seconds` None: until Ctrl-C."""

    seconds: float | None = None
    headless: bool = False
    operators: int = 6
    port: int = 8080
    folder: Path = FOLDER


async def demo(wish: Wish) -> None:
    """Run the example centre; with `headless` end with one line of JSON. Raises AhizeError."""
    log.configure(json=True, level="warning")
    _own(wish.folder)
    _say(f"Setting up an example centre with {wish.operators} simulated operators …")
    calls = wish.folder / "exchange.jsonl"
    async with (
        exchange.running(calls, wish.operators + 1, centre.NUMBER, INCOMING_PER_MINUTE) as far,
        running(_settings(wish, far.port)) as service,
    ):
        began = SystemClock().now()
        await _open(wish, service, far)
        await _wait(wish)
        _say("The calls that are on are ended by those who speak, then the demo ends; Ctrl-C ends it at once.")
        await _unless_stopped(_close(service, far))
        summary = await report.summary(service.db, service.seal, calls, began)
    if wish.headless:
        sys.stdout.write(json.dumps(summary) + "\n")


class FolderInUse(Conflict):
    """Another demo runs in this folder; end it, or give this one a folder of its own with --folder."""

    code = "folder_in_use"


def _own(folder: Path) -> None:
    """Begin from nothing, in a folder that is this process's own while it lives. Raises FolderInUse."""
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        raise FolderInUse() from error
    for each in folder.iterdir():
        if each.is_dir():
            shutil.rmtree(each)
        else:
            each.unlink()


def _settings(wish: Wish, sip_port: int) -> Settings:
    trunk = Trunk(
        name="pbx",
        host="127.0.0.1",
        port=sip_port,
        username="dialer",
        password=SecretStr(exchange.SECRET),
        channels=200,
        calls_per_second=50,
        extensions="1[0-9]{3}",
    )
    return Settings(
        server=Server(port=0 if wish.headless else wish.port),
        database=Database(url=f"sqlite+aiosqlite:///{wish.folder / 'ahize.db'}"),
        keys=Keys(master_key_file=str(wish.folder / "master.key")),
        uploads=Uploads(folder=str(wish.folder / "uploads")),
        recordings=Recordings(folder=str(wish.folder / "recordings")),
        sip=Sip(port=0),
        media=Media(port_min=34000, port_max=37999),
        trunks=(trunk,),
    )


def _seats(wish: Wish) -> tuple[centre.Seat, ...]:
    """The person at this terminal, the simulated operators, and those who look on."""
    simulated = (
        centre.Seat(f"operator-{n}", f"Örnek Operatör {n}", "operator", str(int(OWN_PHONE) + n))
        for n in range(1, wish.operators + 1)
    )
    return (
        centre.Seat("you", "Deneme Operatörü", "operator", OWN_PHONE),
        *simulated,
        centre.Seat("supervisor", "Örnek Süpervizör", "supervisor"),
        centre.Seat("manager", "Örnek Yönetici", "manager"),
        centre.Seat("starter", "Demo", "manager"),
    )


async def _open(wish: Wish, service: Service, far: exchange.Exchange) -> None:
    assert service.first_link is not None
    built = await centre.build(service.url, service.first_link, _seats(wish))
    await history.seed(service.db, service.seal, built.project, built.campaigns["cold"], SystemClock().now())
    await centre.start(service.url, built.links["starter"], built.campaigns)
    links = [built.links[f"operator-{n}"] for n in range(1, wish.operators + 1)]
    await far.ask({"operators": {"base_url": service.url, "links": links, "arrive_s": ARRIVE_S * len(links)}})
    if wish.headless:
        _say(f"Calls run{'' if wish.seconds is None else f' for {wish.seconds:g} s'}; the figures come at the end.")
    else:
        _tell(service, built)


def _tell(service: Service, built: centre.Centre) -> None:
    lines = (
        f"Ahize is at {service.url}. Customers, phones and the other operators are simulated.",
        "These links work once each; the password that they ask for can wait (“Not now”):",
        f"  operator    {built.links['you']}",
        f"  supervisor  {built.links['supervisor']}",
        f"  manager     {built.links['manager']}",
        "Ctrl-C ends the demo.",
    )
    _say("\n".join(lines))


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")


async def _wait(wish: Wish) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(until_stopped(), wish.seconds)


async def _unless_stopped(work: Coroutine[None, None, None]) -> None:
    """Let `work` end by itself, or break it off at the next SIGINT or SIGTERM."""
    loop = asyncio.get_running_loop()
    with suppress(TimeoutError):
        async with asyncio.timeout(None) as patience:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(number, lambda: patience.reschedule(loop.time()))
            await work


async def _close(service: Service, far: exchange.Exchange) -> None:
    """Place no more calls, let those that are on end and get their results."""
    await service.engine.drain(FINISH_S)
    with suppress(TimeoutError):
        async with asyncio.timeout(WRAP_UP_S):
            while any(view.state == "wrap_up" for view in service.engine.operators()):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
    await far.ask({"leave": True})
