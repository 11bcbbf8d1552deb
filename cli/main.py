"""The command `ahize`: the service, its database, its people, and a demo. What it says it says in plain words."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.phone.commands import phone
from cli.run import judged, run

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
people = typer.Typer(no_args_is_help=True, help="People who sign in.")
app.add_typer(people, name="user")
app.add_typer(phone, name="phone")

ConfigFile = Annotated[Path, typer.Option("--config", help="the file with the settings")]
CONFIG = Path("config.yaml")


@app.command()
def serve(config: ConfigFile = CONFIG) -> None:
    """Run the service until Ctrl-C."""
    from cli.serve import serve as work

    run(work(config))


@app.command()
def demo(
    for_s: Annotated[float | None, typer.Option("--for", help="end by itself after so many seconds")] = None,
    json: Annotated[bool, typer.Option("--json", help="nobody at a desk; end with one line of JSON")] = False,
    operators: Annotated[int, typer.Option(min=1, max=100, help="simulated operators")] = 6,
    port: Annotated[int, typer.Option(help="where the pages are; 0: any free port")] = 8080,
    folder: Annotated[Path, typer.Option(help="where it keeps its data; emptied at the start")] = Path("var/demo"),
) -> None:
    """Run an example centre with simulated customers."""
    from cli.demo.run import Wish
    from cli.demo.run import demo as work

    run(work(Wish(seconds=for_s, headless=json, operators=operators, port=port, folder=folder)))


@app.command()
def migrate(
    config: ConfigFile = CONFIG,
    down_to: Annotated[str | None, typer.Option(help="go back to this version; base: no tables at all")] = None,
) -> None:
    """Bring the database to the newest version, or back to an older one."""
    from cli.upkeep import migrate as work

    run(work(config, down_to))


@people.command("link")
def link(
    login: Annotated[str, typer.Argument(help="who it is for")],
    config: ConfigFile = CONFIG,
    lost_phone: Annotated[bool, typer.Option("--lost-phone", help="take the second factor away too")] = False,
) -> None:
    """Print a one-time link for somebody who cannot sign in any more."""
    from cli.upkeep import link as work

    run(work(config, login, lost_phone=lost_phone))


@app.command()
def doctor(
    config: ConfigFile = CONFIG,
    number: Annotated[
        str | None, typer.Option("--call", help="call this number and see whether both sides hear")
    ] = None,
    trunk: Annotated[str | None, typer.Option("--trunk", help="look at this trunk alone")] = None,
    json: Annotated[bool, typer.Option("--json", help="one line of JSON")] = False,
) -> None:
    """Look at settings, database, ports, clock, disk and trunks, and say what to mend. Changes nothing.

    Ends with 1 when something must be mended. A running service goes on undisturbed.
    """
    from cli.doctor.run import doctor as work

    judged(work(config, number, trunk, as_json=json))


@app.command()
def openapi() -> None:
    """Print the description of the API (OpenAPI)."""
    from cli.upkeep import openapi as work

    typer.echo(work())


@app.command()
def practice(config: Annotated[str, typer.Argument(help="a JSON object, or a file that holds one")]) -> None:
    """Run a practice exchange alone: simulated customers and phones behind SIP."""
    from practice.service import run as work

    sys.exit(work([config]))


if __name__ == "__main__":
    app()
