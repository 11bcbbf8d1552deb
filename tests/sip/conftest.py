"""The PBX, and agents on real and on imagined networks."""

import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from asterisk import pbx  # noqa: F401
from hypothesis import settings
from listening import Ear
from raw_peer import RawPeer

from sip.agent import UserAgent
from sip.listener import Peer

settings.register_profile("busy machines", deadline=None)
settings.load_profile("busy machines")


@pytest.fixture(autouse=True)
def plain_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """Errors that tests cause on purpose need no coloured tracebacks, which take seconds."""
    monkeypatch.setattr("sip.agent._log", logging.getLogger("sip.agent"))


@pytest.fixture
def torture(material: Path) -> Path:
    """The messages of RFC 4475."""
    return material / "rfc4475"


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
async def agent(ear: Ear, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[UserAgent]:
    """An agent on loopback that knows everybody there, and does not wait long for the last answers."""
    monkeypatch.setattr("sip.agent.FAREWELL", 0.02)
    made = UserAgent(("127.0.0.1", 0), peers=lambda host: Peer("here"), listener=ear)
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def raw() -> AsyncIterator[RawPeer]:
    """A far end that says only what the test tells it to."""
    peer = await RawPeer.open()
    yield peer
    peer.close()
