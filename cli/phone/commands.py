"""The words of `ahize phone`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.run import judged

if TYPE_CHECKING:
    from cli.phone.station import Wish

PASSWORD_ENV = "SIP_PASSWORD"  # noqa: S105  the name of a variable

phone = typer.Typer(
    no_args_is_help=True,
    help="A telephone for trying a trunk. It uses a SIP port of its own, beside a running service.",
)

Config = Annotated[Path, typer.Option("--config", help="the file with the settings")]
TrunkName = Annotated[str | None, typer.Option("--trunk", help="which trunk of the settings; the first if not named")]
Host = Annotated[str | None, typer.Option("--host", help="an exchange that is in no settings: its name or address")]
Port = Annotated[int, typer.Option("--port", min=1, max=65535, help="with --host: its SIP port")]
User = Annotated[str | None, typer.Option("--user", help="the account, when it is not the trunk's")]
Password = Annotated[
    str | None,
    typer.Option(
        "--password",
        envvar=PASSWORD_ENV,
        show_envvar=True,
        help="asked for, unseen, when --user comes without it; here others see it",
    ),
]
Trace = Annotated[bool, typer.Option("--trace", help="show every SIP message; passwords and keys are left out")]
For = Annotated[float | None, typer.Option("--for", min=0, help="hang up so many seconds after the answer")]
Play = Annotated[Path | None, typer.Option("--play", help="a WAV (PCM, any usual rate) for the far end to hear")]
Record = Annotated[Path | None, typer.Option("--record", help="keep what the far end says in this WAV")]
Keys = Annotated[str, typer.Option("--keys", help="keys to press after the answer: 0-9 * # A-D")]

CONFIG = Path("config.yaml")


@phone.command("register")
def register(
    config: Config = CONFIG,
    trunk: TrunkName = None,
    host: Host = None,
    port: Port = 5060,
    user: User = None,
    password: Password = None,
    trace: Trace = False,
) -> None:
    """Register, say what came of it, and leave again.

    An exchange that keeps one place for each account forgets the running service until that registers anew (20 s).
    """
    from cli.phone.calls import register as work

    judged(work(_wish(config, trunk, host, port, user, password), trace=trace))


@phone.command("call")
def call(
    number: Annotated[str, typer.Argument(help="+ and country, like +905321000001, or an operator's extension")],
    config: Config = CONFIG,
    trunk: TrunkName = None,
    host: Host = None,
    port: Port = 5060,
    user: User = None,
    password: Password = None,
    caller: Annotated[str | None, typer.Option("--caller", help="the number to show; else the account's name")] = None,
    for_s: For = None,
    play: Play = None,
    record: Record = None,
    keys: Keys = "",
    trace: Trace = False,
) -> None:
    """Call a number, say what happens, and end with 0 when it was answered and heard.

    An administrator's tool: calling hours, do-not-call lists and budgets are not asked. Emergency, short, premium and
    satellite numbers are refused. Ctrl-C hangs up.
    """
    from cli.phone.calls import Talk
    from cli.phone.calls import call as work

    wish = _wish(config, trunk, host, port, user, password)
    judged(work(wish, number, caller, Talk(for_s, play, record, keys), trace=trace))


@phone.command("answer")
def answer(
    config: Config = CONFIG,
    trunk: TrunkName = None,
    host: Host = None,
    port: Port = 5060,
    user: User = None,
    password: Password = None,
    for_s: For = None,
    play: Play = None,
    record: Record = None,
    keys: Keys = "",
    trace: Trace = False,
) -> None:
    """Register, answer the first call that comes, and end with it. Ctrl-C hangs up.

    Calls for a running service may come here meanwhile.
    """
    from cli.phone.calls import Talk
    from cli.phone.calls import answer as work

    wish = _wish(config, trunk, host, port, user, password)
    judged(work(wish, Talk(for_s, play, record, keys), trace=trace))


def _wish(
    config: Path, trunk: str | None, host: str | None, port: int, user: str | None, password: str | None
) -> "Wish":
    from cli.phone.station import Wish

    if user is not None and password is None:
        password = typer.prompt(f"Password of {user}", hide_input=True, err=True)
    return Wish(config, trunk, host, port, user, password if user is not None else None)
