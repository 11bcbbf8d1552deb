"""One service for the tests of a whole file, each of which opens a project of its own in it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from running import Centre, Service


@asynccontextmanager
async def service_at(pbx: tuple[str, int], folder: Path, **settings: Any) -> AsyncIterator[Service]:
    """A service while the block runs; `settings` stand over those of its config file."""
    service = Service(folder / "service", pbx, overrides=settings)
    await service.start()
    try:
        yield service
    finally:
        await service.stop()


@asynccontextmanager
async def centre_at(pbx: tuple[str, int], folder: Path, **settings: Any) -> AsyncIterator[Centre]:
    """The same with its first project and administrator; the trunk is registered."""
    async with service_at(pbx, folder, **settings) as service, centre_of(service) as centre:
        await centre.trunk_up()
        yield centre


@asynccontextmanager
async def centre_of(service: Service) -> AsyncIterator[Centre]:
    """The first project and administrator of a running service, whatever its trunk does."""
    centre = await Centre.open(service)
    try:
        yield centre
    finally:
        await centre.admin.browser.close()


async def another_project(centre: Centre, **values: Any) -> Centre:
    """One more project of the same service: its operators get no calls of other tests."""
    body = {"name": f"Örnek {uuid4().hex[:6]}", "country": "TR", "zone": "Europe/Istanbul", **values}
    return Centre(centre.service, centre.admin, (await centre.admin.post("/projects", body))["id"])
