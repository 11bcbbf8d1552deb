"""The practice exchange as a process of its own, with its simulated operators.

`python -m practice CONFIG`, where CONFIG is a JSON object (`practice.config`) or a file that holds one. When it takes
calls it writes one line to standard output: {"ready": true, "address": "127.0.0.1:5070"}. SIGINT and SIGTERM end it,
every call with BYE. With "commands": true it reads lines from standard input, answers each with a line, and ends when
standard input does:

    {"call_in": {"number": …, "called": …}}    call the service; both may be left out
    {"operators": {"base_url": …, "links": […]}}    let simulated operators work (`practice.config.Clients`)
    {"leave": true}    the operators sign off
    {"stop": true}
"""

import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import Sequence

from kit import log
from kit.limits import allow_many_files
from kit.tasks import Tasks
from media.errors import MediaError
from practice.clients import SimulatedOperator
from practice.config import Clients, Config, load
from practice.exchange import Exchange, NobodyThere
from practice.log import CallLog
from sip.errors import SipError


class Shift:
    """The simulated operators at work."""

    def __init__(self, tasks: Tasks, calls: CallLog, seed: int) -> None:
        self._tasks, self._calls, self._seed = tasks, calls, seed
        self._operators: list[SimulatedOperator] = []
        self._work: list[asyncio.Task[None]] = []

    def begin(self, settings: Clients) -> None:
        """One more operator for each link."""
        for link in settings.links:
            operator = SimulatedOperator(settings, link, self._calls, self._seed)
            self._operators.append(operator)
            self._work.append(self._tasks.spawn(operator.run(), "practice_operator"))

    async def leave(self) -> None:
        """All put down what they do and sign off."""
        for task in self._work:
            task.cancel()
        await asyncio.gather(*self._work, return_exceptions=True)
        await asyncio.gather(*(operator.leave() for operator in self._operators))
        self._operators, self._work = [], []


async def serve(config: Config) -> None:
    """Run until a signal, a command or the end of standard input says stop. Raises OSError when the port is taken."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    with CallLog(config.log) as calls:
        exchange = Exchange(config, calls)
        await exchange.start()
        tell({"ready": True, "address": exchange.address})
        async with Tasks() as tasks:
            shift = Shift(tasks, calls, config.seed)
            if config.clients is not None:
                shift.begin(config.clients)
            if config.commands:
                tasks.spawn(obey(exchange, shift, stop), "practice_commands")
            await stop.wait()
            await shift.leave()
        await exchange.stop()


async def obey(exchange: Exchange, shift: Shift, stop: asyncio.Event) -> None:
    """Read commands until there are no more."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        tell(await command(exchange, shift, line, stop))
    stop.set()


async def command(exchange: Exchange, shift: Shift, line: bytes, stop: asyncio.Event) -> dict[str, object]:
    """Carry out one command; gives what to answer."""
    try:
        wish = json.loads(line)
        if wish.get("stop"):
            stop.set()
            return {"stopping": True}
        if wish.get("leave"):
            await shift.leave()
            return {"left": True}
        if "operators" in wish:
            shift.begin(Clients.model_validate(wish["operators"]))
            return {"operators": len(wish["operators"]["links"])}
        return {"call_id": exchange.call_in(**wish["call_in"])}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {"error": "Say one of: call_in, operators, leave, stop; see practice.service."}
    except (NobodyThere, MediaError, SipError) as error:
        return {"error": str(error)}


def tell(line: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def run(arguments: Sequence[str]) -> int:
    """The command: one argument, the config. Gives the exit status."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m practice CONFIG    (a JSON object, or a file with one)\n")
        return 2
    try:
        config = load(arguments[0])
    except (ValueError, OSError) as error:
        sys.stderr.write(f"The config cannot be used: {error}\n")
        return 2
    log.configure(json=False, level="WARNING")
    allow_many_files()
    with contextlib.suppress(KeyboardInterrupt):
        runner()(serve(config))
    return 0


def runner():
    """The fastest loop there is."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run
    return uvloop.run
