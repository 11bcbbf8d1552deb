"""Whose packets are a trunk's, and lost calls of a trunk whose name nobody knows for a while."""

import asyncio
import socket

import pytest

from dialer import lines as room
from dialer.lines import SipLines
from dialer.shapes import DialogRef, DialogSeed
from dialer.trunks import Trunk, TrunkWatch, peer_of
from kit.clock import SystemClock
from media.session import PortRange
from sip.transport import Address

PORTS = PortRange("127.0.0.1", 29000, 29198)
PLACE = "192.0.2.7"
OPTIONS = (
    "OPTIONS sip:ahize@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{port};rport;branch=z9hG4bK1\r\n"
    "From: <sip:a@127.0.0.1>;tag=1\r\nTo: <sip:ahize@127.0.0.1>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\n"
    "Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
)


def watch(name: str, transport: str) -> TrunkWatch:
    return TrunkWatch(Trunk(name, "pbx.test", transport=transport, peers=(PLACE,)), lambda moved: None)


@pytest.mark.parametrize(
    ("transport", "owned"),
    [("udp", {"udp", "tcp", "tls"}), ("tcp", {"udp", "tcp", "tls"}), ("tls", {"tls"})],
)
def test_packets_of_a_trunk_by_tls_count_only_by_tls(transport: str, owned: set[str]) -> None:
    one = watch("one", transport)

    assert {way for way in ("udp", "tcp", "tls") if one.owns(Address(PLACE, 5060, way))} == owned
    assert not one.owns(Address("192.0.2.8", 5060, "tls"))


def test_an_address_of_two_trunks_is_by_udp_that_of_the_one_without_tls() -> None:
    both = [watch("safe", "tls"), watch("plain", "udp")]

    names = [peer_of(both, Address(PLACE, 5060, way)) for way in ("tls", "udp")]
    assert [peer.name for peer in names if peer is not None] == ["safe", "plain"]


@pytest.mark.parametrize(("transport", "answered"), [("udp", True), ("tls", False)])
async def test_a_forged_packet_of_a_trunk_by_tls_gets_no_answer(transport: str, answered: bool) -> None:
    lines = SipLines([Trunk("pbx", "127.0.0.1", 9, transport=transport, register=False)], SystemClock(), ports=PORTS)
    await lines.start()
    await asyncio.sleep(0.05)  # the trunk's address is found
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as forger:
        forger.bind(("127.0.0.1", 0))
        forger.setblocking(False)
        host, _, port = lines.agent.local_address.rpartition(":")
        await loop.sock_sendto(forger, OPTIONS.format(port=forger.getsockname()[1]).encode(), (host, int(port)))
        async with asyncio.timeout(10):
            if answered:
                assert (await loop.sock_recv(forger, 2000)).startswith(b"SIP/2.0 200")
            while not answered and not lines.agent.gate.count:
                await asyncio.sleep(0.01)

    assert lines.agent.gate.count == (0 if answered else 1)
    await lines.stop()


async def test_a_lost_call_is_ended_when_the_name_server_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "_LOOK_AGAIN_S", 0.01)
    lines = SipLines([Trunk("pbx", "pbx.test", register=False)], SystemClock(), ports=PORTS)
    loop, asked = asyncio.get_running_loop(), 0

    async def addresses(host: str, port: int, transport: str = "udp") -> list[Address]:
        nonlocal asked
        asked += 1
        if asked < 5:
            raise OSError("no name server")
        return [Address(*far.getsockname())]

    monkeypatch.setattr(lines.agent, "addresses", addresses)
    await lines.start()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as far:
        far.bind(("127.0.0.1", 0))
        far.setblocking(False)
        seed = DialogSeed("lost-call", "tag", 1, lines.agent.local_address)
        uri = "sip:+905321000001@pbx.test"
        lines.end_lost(DialogRef(seed, "pbx", uri, "sip:ahize@pbx.test", uri), answered=False)
        async with asyncio.timeout(10):
            cancel = await loop.sock_recv(far, 2000)

    assert cancel.startswith(b"CANCEL ")
    assert b"lost-call" in cancel
    await lines.stop()
