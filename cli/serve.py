"""`ahize serve`: the service until somebody stops it."""

import asyncio
import signal
import sys
from pathlib import Path

from cli.service import Service, running
from cli.settings import Settings
from kit import log
from kit.settings import load


async def serve(config: Path) -> None:
    """Run on the settings of `config` until SIGINT or SIGTERM. Raises AhizeError."""
    settings = load(Settings, config)
    log.configure(json=settings.log.format == "json", level=settings.log.level)
    async with running(settings) as service:
        tell(service)
        await until_stopped()
        sys.stderr.write("Ahize is stopping: calls that are on are ended.\n")


def tell(service: Service) -> None:
    """What a person at the terminal wants to know."""
    sys.stderr.write(f"Ahize is at {service.url}\n")
    if service.first_link is not None:
        sys.stderr.write(
            f"\nThere is no administrator yet. This link makes one; it works once, for a day:\n\n"
            f"  {service.first_link}\n\n"
        )


async def until_stopped() -> None:
    """Wait for SIGINT or SIGTERM."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()
