"""The practice exchange as a process of its own, with its simulated operators.

`python -m practice CONFIG`, where CONFIG is a JSON object (`practice.config`) or a file that holds one. When it takes
calls it writes one line to standard output: {"ready": true, "address": "127.0.0.1:5070"}. SIGINT and SIGTERM end it,
every call with BYE. With "commands": true it reads lines from standard input, {"call_in": {"number": …, "called": …}}
(both may be left out) or {"stop": true}, answers each with a line, and ends when standard input does.
"""

import asyncio
import contextlib
import json
import resource
import signal
import sys
from collections.abc import Sequence

from kit import log
from kit.tasks import Tasks
from media.errors import MediaError
from practice.clients import SimulatedOperator
from practice.config import Config, load
from practice.exchange import Exchange, NobodyThere
from practice.log import CallLog
from sip.errors import SipError


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
            if config.commands:
                tasks.spawn(obey(exchange, stop), "practice_commands")
            await _work(config, calls, stop)
        await exchange.stop()


async def _work(config: Config, calls: CallLog, stop: asyncio.Event) -> None:
    """Let the simulated operators work until the end, then sign them off."""
    settings = config.clients
    operators = [SimulatedOperator(settings, one, calls, config.seed) for one in settings.links] if settings else []
    async with Tasks() as tasks:
        for operator in operators:
            tasks.spawn(operator.run(), "practice_operator")
        await stop.wait()
    await asyncio.gather(*(operator.leave() for operator in operators))


async def obey(exchange: Exchange, stop: asyncio.Event) -> None:
    """Read commands until there are no more."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        tell(command(exchange, line, stop))
    stop.set()


def command(exchange: Exchange, line: bytes, stop: asyncio.Event) -> dict[str, object]:
    """Carry out one command; gives what to answer."""
    try:
        wish = json.loads(line)
        if wish.get("stop"):
            stop.set()
            return {"stopping": True}
        return {"call_id": exchange.call_in(**wish["call_in"])}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {"error": 'Say {"call_in": {"number": "+90…", "called": "+90…"}} or {"stop": true}.'}
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
    log.configure(json=False, level="INFO")
    allow_many_sockets()
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


def allow_many_sockets() -> None:
    """Each call has three sockets; the usual soft limit of 1,024 files ends at 300 calls."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
