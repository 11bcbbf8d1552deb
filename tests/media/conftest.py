import gc

import pytest
from rtp_peer import Peer, open_sockets

from media.session import Leg, PortRange


@pytest.fixture
async def ports():
    """A port range; at the end of the test every socket must be closed."""
    gc.collect()
    before = open_sockets()
    yield PortRange("127.0.0.1", 24000, 24199)
    assert open_sockets() == before, "a socket was left open"


@pytest.fixture
async def leg(ports):
    leg = Leg.open(ports)
    yield leg
    leg.close()


@pytest.fixture
async def other(ports):
    leg = Leg.open(ports)
    yield leg
    leg.close()


@pytest.fixture
async def peers(ports):
    """Makes far ends that are closed at the end."""
    made: list[Peer] = []

    def make(**options) -> Peer:
        made.append(Peer(**options))
        return made[-1]

    yield make
    for peer in made:
        peer.close()
