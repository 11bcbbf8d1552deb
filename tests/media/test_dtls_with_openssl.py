"""The handshake with a program that is not ours: `openssl s_client` and `s_server` tell the keys that they came to."""

import asyncio
import datetime
import re
import shutil
import socket

import pytest
from cryptography.hazmat.primitives import serialization
from rtp_peer import until

from media import certificate, rtp
from media.dtls import Handshake, Role
from media.srtp import AES_CM_80, Srtp

NOW = datetime.datetime.now(datetime.UTC)
PEM, PKCS8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
KEYS = "-use_srtp SRTP_AES128_CM_SHA1_80 -keymatexport EXTRACTOR-dtls_srtp -keymatexportlen 60"


@pytest.fixture
def foreign(tmp_path):
    """A certificate of the foreign side, and the arguments that name it."""
    made = certificate.make(NOW)
    file = tmp_path / "foreign.pem"
    private = made.private.private_bytes(PEM, PKCS8, serialization.NoEncryption())
    file.write_bytes(made.public.public_bytes(PEM) + private)
    return made, f"-dtls1_2 -cert {file} -key {file} {KEYS}".split()


class Carrier:
    """Carries datagrams between a handshake of ours and whoever talks to its socket."""

    def __init__(self, ours: Handshake, to: tuple[str, int] | None = None) -> None:
        self.ours, self.to = ours, to
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.setblocking(False)
        self.sock.bind(("127.0.0.1", 0))
        self.port = self.sock.getsockname()[1]
        asyncio.get_running_loop().add_reader(self.sock, self._read)

    def _read(self) -> None:
        data, self.to = self.sock.recvfrom(4096)
        self.send(self.ours.receive(data))

    def send(self, datagrams: list[bytes]) -> None:
        for one in datagrams:
            self.sock.sendto(one, self.to)

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self.sock)
        self.sock.close()


async def openssl(*arguments: str) -> asyncio.subprocess.Process:
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("the program openssl is not installed")
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(
        program, *arguments, stdin=pipe, stdout=pipe, stderr=asyncio.subprocess.STDOUT
    )


async def told_keys(process: asyncio.subprocess.Process) -> bytes:
    """The exported keys that the program prints."""
    async with asyncio.timeout(20):
        while line := (await process.stdout.readline()).decode():
            found = re.search(r"Keying material: ([0-9A-F]{120})", line)
            if found:
                return bytes.fromhex(found[1])
    raise AssertionError("openssl ended without telling its keys")


def foreign_srtp(raw: bytes, *, client: bool) -> Srtp:
    """RFC 5764 §4.2, written out: client's key, server's key, client's salt, server's salt."""
    of_client, of_server = raw[:16] + raw[32:46], raw[16:32] + raw[46:60]
    srtp = Srtp()
    srtp.key(AES_CM_80, *((of_client, of_server) if client else (of_server, of_client)))
    return srtp


def both_understand(ours: Srtp, theirs: Srtp) -> bool:
    packet = rtp.build(rtp.Packet(0, 1, 160, 7, b"\x7f" * 160))
    return theirs.open(ours.seal(packet)) == ours.open(theirs.seal(packet)) == packet


async def test_a_foreign_client_comes_to_the_same_keys(foreign):
    shown, arguments = foreign
    ours = Handshake(certificate.make(NOW), Role.PASSIVE, shown.fingerprint)
    carrier = Carrier(ours)
    process = await openssl("s_client", "-connect", f"127.0.0.1:{carrier.port}", *arguments)

    raw = await told_keys(process)
    await until(lambda: ours.srtp, 10)
    process.kill()
    await process.wait()
    carrier.close()

    assert both_understand(ours.srtp, foreign_srtp(raw, client=True))


async def test_a_foreign_server_comes_to_the_same_keys(foreign):
    shown, arguments = foreign
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    ours = Handshake(certificate.make(NOW), Role.ACTIVE, shown.fingerprint)
    process = await openssl("s_server", "-accept", f"127.0.0.1:{port}", "-Verify", "1", *arguments)
    async with asyncio.timeout(20):
        while b"ACCEPT" not in await process.stdout.readline():
            pass
    carrier = Carrier(ours, ("127.0.0.1", port))

    carrier.send(ours.start())
    raw = await told_keys(process)
    await until(lambda: ours.srtp, 10)
    process.kill()
    await process.wait()
    carrier.close()

    assert both_understand(ours.srtp, foreign_srtp(raw, client=False))
