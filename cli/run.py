"""How every command runs: to its end, with what a person can mend said in one sentence and no traceback."""

import asyncio
import sys
from collections.abc import Coroutine
from typing import Any, TypeVar

import typer
import uvloop

from kit.errors import AhizeError

Result = TypeVar("Result")


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """The result of `work`; ends the program with 1 for an AhizeError, and with 0 when somebody interrupts it."""
    try:
        return uvloop.run(work)
    except AhizeError as error:
        typer.echo(f"ahize: {error}", err=True)
        sys.exit(1)
    except (KeyboardInterrupt, asyncio.CancelledError):
        sys.exit(0)


def judged(work: Coroutine[Any, Any, bool]) -> None:
    """Run `work` and end the program with 0 when it gives True, else with 1."""
    sys.exit(0 if run(work) else 1)
