from collections.abc import AsyncIterator

import httpx
import pytest
from centre import Centre, Worker

from kit.db import Database


@pytest.fixture
async def centre(database: Database) -> AsyncIterator[Centre]:
    async with Centre(database).open() as opened:
        yield opened


@pytest.fixture
async def ask(centre: Centre):
    """Asks the doors as somebody: `await ask(worker, "GET", "/desk")`."""
    transport = httpx.ASGITransport(app=centre.app())
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080/api/v1") as client:

        async def asked(worker: Worker, method: str, path: str, body: object = None, **headers: str) -> httpx.Response:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            return await client.request(method, path, json=body, headers=worker.headers | named)

        yield asked
