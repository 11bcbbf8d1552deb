"""One connection while it is made, fills up, closes and is over, without a network."""

import asyncio
import errno
import socket
from pathlib import Path

import pytest
from certificates import Authority

from kit import virtual
from sip import connection, stream
from sip.connection import Connection
from sip.stream import StreamTransport
from sip.tls import Tls
from sip.transport import Above, Address, Receive, UdpTransport
from sip.wires import open_wires

FAR = Address("10.0.0.1", 5060, "tcp")
OPTIONS = b"OPTIONS sip:x SIP/2.0\r\nContent-Length: 0\r\n\r\n"


class Wire(asyncio.Transport):
    """A transport that remembers; `unread`: bytes that the other end has not taken."""

    def __init__(self, unread: int = 0) -> None:
        super().__init__()
        self.sent = b""
        self.unread = unread
        self.state = "open"

    def get_extra_info(self, name: str, default: object = None) -> object:
        return self

    def setsockopt(self, *option: int) -> None:
        """Nothing to set."""

    def write(self, data: bytes) -> None:
        self.sent += data

    def close(self) -> None:
        self.state = "closed"

    def abort(self) -> None:
        self.state = "aborted"

    def get_write_buffer_size(self) -> int:
        return self.unread

    def is_closing(self) -> bool:
        return self.state != "open"


class Home:
    def __init__(self) -> None:
        self.got: list[bytes] = []
        self.over = 0

    def receive(self, data: bytes, source: Address) -> None:
        self.got.append(data)

    def gone(self, gone: Connection) -> None:
        self.over += 1


async def made(home: Home, wire: Wire) -> Connection:
    one = Connection(home, FAR)
    one.connection_made(wire)
    return one


def test_a_far_end_that_does_not_read_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "MAX_UNSENT", 10)
    home, wire = Home(), Wire(unread=11)

    async def work() -> None:
        one = await made(home, wire)
        with pytest.raises(OSError, match="does not read"):
            one.write(b"x")
        with pytest.raises(OSError, match="about to be closed"):
            one.write(b"x")
        one.connection_lost(None)
        with pytest.raises(OSError, match="is closed"):
            one.write(b"x")

    virtual.run(work())
    assert (wire.state, wire.sent, home.over) == ("aborted", b"", 1)


def test_a_connection_that_nobody_wants_when_it_is_made_is_ended() -> None:
    home, wire = Home(), Wire()

    async def work() -> None:
        one = Connection(home, FAR)
        one.write(b"x")
        one.end()
        one.connection_made(wire)

    virtual.run(work())
    assert (wire.state, wire.sent, home.over) == ("aborted", b"", 1)


def test_rubbish_before_the_connection_is_ready_ends_it_once() -> None:
    home, wire = Home(), Wire()

    async def work() -> None:
        one = await made(home, wire)
        one.data_received(OPTIONS + b"GET / HTTP/1.1\r\n\r\n")
        one.data_received(OPTIONS)
        one.connection_lost(None)

    virtual.run(work())
    assert (wire.state, home.got[0], home.over) == ("closed", OPTIONS, 1)


# ---------------------------------------------------------------- the door


class Door:
    """A listening socket whose `accept` fails as told."""

    def __init__(self, error: OSError) -> None:
        self.error = error
        self.asked = 0

    def accept(self) -> tuple[socket.socket, tuple[str, int]]:
        self.asked += 1
        raise self.error


def transport(lost: list[Address]) -> StreamTransport:
    above = Above(
        lambda data, source: None,
        lost.append,
        lambda address: True,
        lambda address: "",
        lambda work, name: work.close(),
    )
    return StreamTransport(above, "127.0.0.1")


@pytest.mark.parametrize(
    ("error", "rests"),
    [(BlockingIOError(), False), (ConnectionAbortedError(), False), (OSError(errno.EMFILE, "too many files"), True)],
)
async def test_a_door_that_cannot_open_rests_only_when_there_is_no_room(
    error: OSError, rests: bool, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(stream, "_REST_S", 0.0)
    tcp, door = transport([]), Door(error)
    tcp.listen(0)
    listener, tcp._listener = tcp._listener, door
    heeded: list[object] = []
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(loop, "remove_reader", lambda one: heeded.append("rests"))
    monkeypatch.setattr(loop, "add_reader", lambda one, *what: heeded.append("listens"))
    tcp._accept()
    await asyncio.sleep(0.01)
    monkeypatch.undo()
    tcp._listener = listener
    tcp.close()

    assert heeded == (["rests", "listens"] if rests else [])
    assert ("no connection can be accepted" in "".join(capfd.readouterr())) is rests


async def test_a_closed_transport_makes_no_connection_and_tells_of_none_that_ends() -> None:
    lost: list[Address] = []
    tcp = transport(lost)
    tcp.send(b"x", FAR)
    tcp.close()

    assert (len(tcp), lost) == (0, [])
    with pytest.raises(OSError, match="no room"):
        tcp.send(b"x", FAR)


async def test_no_more_connections_are_made_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "MAX_CONNECTIONS", 1)
    tcp = transport([])
    tcp.send(b"x", FAR)
    tcp.send(b"y", FAR)

    with pytest.raises(OSError, match="no room"):
        tcp.send(b"x", FAR._replace(port=5061))
    tcp.close()


async def test_a_closed_udp_socket_sends_nothing() -> None:
    udp = UdpTransport(lambda data, source: None)
    udp.close()
    with pytest.raises(OSError, match="closed"):
        udp.send(b"x", FAR)
    opened = await UdpTransport.open(("127.0.0.1", 0), lambda data, source: None)
    opened.error_received(ConnectionRefusedError())
    opened.close()

    with pytest.raises(OSError, match="closed"):
        opened.send(b"x", FAR)
    assert opened.errors == 1


# ---------------------------------------------------------------- opening


def above() -> Above:
    return Above(lambda data, source: None, lambda address: None, lambda address: True, lambda address: "", print)


async def test_a_tls_port_that_is_taken_leaves_nothing_open(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken, socket.create_server(("127.0.0.1", 0)) as free:
        port, tls_port = free.getsockname()[1], taken.getsockname()[1]
        free.close()
        with pytest.raises(OSError, match=str(tls_port)):
            await open_wires(("127.0.0.1", port), above(), Tls(authority.ca, *authority.sign("localhost"), tls_port))
    await asyncio.sleep(0)

    opened = await open_wires(("127.0.0.1", port), above())
    assert [one.local.port for one in opened] == [port, port]
    for one in opened:
        one.close()


async def test_any_port_is_one_that_is_free_for_udp_and_tcp(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    ports = [one.getsockname()[1] for one in taken]
    port = ports[-1]
    open_udp = UdpTransport.open

    async def on_taken_first(bind: tuple[str, int], receive: Receive) -> UdpTransport:
        return await open_udp((bind[0], ports.pop()) if ports else bind, receive)

    monkeypatch.setattr(UdpTransport, "open", on_taken_first)
    udp, tcp = await open_wires(("127.0.0.1", 0), above())

    assert (ports, udp.local.port == tcp.local.port) == ([], True)
    again = await open_udp(("127.0.0.1", port), lambda data, source: None)
    for one in (udp, tcp, again, *taken):
        one.close()
