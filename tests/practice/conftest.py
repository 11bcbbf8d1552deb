import asyncio

import pytest
from trunk_side import Service

from practice.config import Config, Inbound, Phones
from practice.exchange import Exchange
from practice.log import CallLog, read


@pytest.fixture
def log_path(tmp_path):
    return tmp_path / "calls.jsonl"


@pytest.fixture
async def exchange(log_path):
    """Quick people: little patience, short talks."""
    config = Config(
        port=0,
        rtp=(24800, 24999),
        phones=Phones(count=3),
        talk_s=(1.0, 1.5),
        patience_s=(0.3, 0.4),
        ring_s=(0.1, 0.2),
        inbound=Inbound(number="+902120000000"),
    )
    with CallLog(log_path) as calls:
        exchange = Exchange(config, calls)
        await exchange.start()
        yield exchange
        await exchange.stop()


@pytest.fixture
def port(exchange):
    return int(exchange.address.rpartition(":")[2])


@pytest.fixture
async def service():
    service = Service()
    await service.agent.start()
    yield service
    await service.agent.stop()
    for one in service.calls.values():
        one.leg.close()


@pytest.fixture
def story(log_path):
    """Gives the log lines of a call as they are complete: (event, status, by)."""

    async def tell(call_id: str, last: str) -> list[tuple]:
        for _ in range(200):
            lines = [line for line in read(log_path) if line.get("call_id") == call_id]
            if lines and lines[-1]["event"] == last:
                break
            await asyncio.sleep(0.01)
        return [(line["event"], line.get("status"), line.get("by")) for line in lines]

    return tell
