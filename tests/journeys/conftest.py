"""A service of its own and a real PBX for each journey."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from asterisk import Pbx, pbx
from phone import Phone
from running import Centre, Service

__all__ = ["pbx"]


@pytest.fixture
async def service(pbx: Pbx, tmp_path: Path) -> AsyncIterator[Service]:
    """A service on the PBX, started."""
    made = Service(tmp_path / "service", pbx.address)
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def centre(service: Service) -> AsyncIterator[Centre]:
    """A project with its administrator; the trunk is registered."""
    opened = await Centre.open(service)
    await opened.trunk_up()
    yield opened
    await opened.admin.browser.close()


@pytest.fixture
async def phone(pbx: Pbx) -> AsyncIterator[Phone]:
    """The operator's phone 1001 on the PBX: it answers and speaks."""
    made = Phone("1001", pbx.address)
    await made.start()
    yield made
    await made.stop()
