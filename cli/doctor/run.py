"""All checks in their order."""

import json
from collections.abc import AsyncGenerator
from pathlib import Path

import typer

from cli.doctor import base, call, machine, trunk
from cli.doctor.finding import Finding, ok, problem
from cli.phone.station import NoSuchTrunk, at_trunk
from cli.settings import Settings
from cli.settings import Trunk as TrunkSettings
from kit import log
from kit.clock import SystemClock
from kit.settings import SettingsError, load


async def doctor(config: Path, number: str | None, name: str | None, *, as_json: bool) -> bool:
    """Print a line for each finding, or all of them as one line of JSON; True: nothing must be mended.

    `number`: whom to call for a test; `name`: only this trunk. Raises NoSuchTrunk.
    """
    log.configure(json=False, level="error")
    found: list[Finding] = []
    async for finding in _findings(config, number, name):
        found.append(finding)
        if not as_json:
            typer.echo(finding)
    well = all(finding.state != "problem" for finding in found)
    if as_json:
        typer.echo(json.dumps({"ok": well, "findings": [finding.shape() for finding in found]}, ensure_ascii=False))
    return well


async def _findings(config: Path, number: str | None, name: str | None) -> AsyncGenerator[Finding]:
    try:
        settings = load(Settings, config)
    except SettingsError as error:
        for line in str(error).splitlines():
            yield problem("settings", line.rstrip("."), "the other checks wait for it")
        return
    trunks = _chosen(settings, config, name)
    yield ok("settings", f"{config} is understood")
    clock = SystemClock()
    watch = machine.ClockWatch(clock, machine.kept_by_ntp)
    for finding in [
        *await base.look(settings),
        machine.disk(settings),
        machine.certificate(settings.server, clock.now()),
    ]:
        yield finding
    for finding in machine.ports(settings, await machine.is_running(settings.server)):
        yield finding
    for one in trunks:
        for finding in await trunk.look(settings, one, clock.now()):
            yield finding
    if number is not None:
        for finding in await call.look(at_trunk(settings, trunks[0]), number, settings.media.language):
            yield finding
    yield watch.look()


def _chosen(settings: Settings, config: Path, name: str | None) -> list[TrunkSettings]:
    chosen = [one for one in settings.trunks if name in (None, one.name)]
    if not chosen:
        known = ", ".join(one.name for one in settings.trunks)
        raise NoSuchTrunk(f"{config} has no trunk {name}; it has {known}.")
    return chosen
