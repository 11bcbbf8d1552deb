"""What is wrong with the settings is said at the start, in one sentence that names it."""

import asyncio
import socket
from pathlib import Path

import pytest
from fastapi import FastAPI

from cli import doors, lines
from cli.settings import Server, Settings
from kit.settings import SettingsError, load
from sip.transport import Address

TRUNK = {"name": "pbx", "host": "127.0.0.1"}


def settings(**sections: object) -> Settings:
    return Settings.model_validate({"trunks": [TRUNK], **sections})


def test_a_pattern_that_is_none_is_refused_with_its_line(tmp_path: Path):
    file = tmp_path / "config.yaml"
    file.write_text("trunks:\n  - name: pbx\n    host: 127.0.0.1\n    extensions: '10['\n")

    with pytest.raises(SettingsError, match=r"line 4\): this is no regular expression"):
        load(Settings, file, environ={})


@pytest.mark.parametrize("word", ["off", "'off'", "optional", "required"])
def test_encryption_is_a_word_with_or_without_quotes(tmp_path: Path, word: str):
    file = tmp_path / "config.yaml"
    file.write_text(f"trunks:\n  - name: pbx\n    host: 127.0.0.1\n    srtp: {word}\n")

    assert load(Settings, file, environ={}).trunks[0].srtp == word.strip("'")


@pytest.mark.parametrize(
    ("line", "said"),
    [("media:\n  prompts: no/such/folder\n", "no such folder"), ("", "no IP address")],
)
def test_a_folder_or_an_address_that_is_none_is_refused(tmp_path: Path, line: str, said: str):
    peers = "['pbx.example']" if not line else "[192.0.2.7]"
    file = tmp_path / "config.yaml"
    file.write_text(f"{line}trunks:\n  - name: pbx\n    host: 127.0.0.1\n    peers: {peers}\n")

    with pytest.raises(SettingsError, match=said):
        load(Settings, file, environ={})


async def test_more_addresses_and_own_prompts_reach_the_line(tmp_path: Path):
    made = settings(sip={"port": 0}, media={"prompts": str(tmp_path)}, trunks=[TRUNK | {"peers": ["192.0.2.7"]}])

    async with lines.lines_of(made) as line:
        await asyncio.sleep(0)  # its tasks begin
        assert line.agent.peers(Address("192.0.2.7", 5060)) is not None
        assert line.agent.peers(Address("192.0.2.8", 5060)) is None
        assert line._prompts == (tmp_path,)


async def test_the_exchange_is_told_the_address_that_it_sees():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    async with lines.lines_of(settings(sip={"advertise": "203.0.113.9", "port": port})) as line:
        await asyncio.sleep(0)  # its tasks begin
        assert line.agent.letterhead.contact_uri == f"sip:ahize@203.0.113.9:{port}"


def test_a_port_that_is_taken_is_named():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        with pytest.raises(doors.PortTaken, match=f"127.0.0.1:{port} .*in use.*server.port"):
            doors.bind(Server(port=port))


async def test_a_certificate_that_is_not_there_ends_the_start(tmp_path: Path):
    server = Server(port=0, tls_certificate=str(tmp_path / "none.pem"), tls_key=str(tmp_path / "none.key"))

    with doors.bind(server) as listening, pytest.raises(doors.NoCertificate, match="tls_certificate"):
        async with doors.opened(FastAPI(), server, listening):
            pass


@pytest.mark.parametrize("host", ["192.0.2.10", "no-such-name.invalid"])
async def test_sound_at_an_address_of_another_machine_ends_the_start(host: str):
    with pytest.raises(lines.NoMediaAddress, match=rf"{host} .*media\.host"):
        async with lines.lines_of(settings(sip={"port": 0}, media={"host": host})):
            pass


async def test_a_sip_port_that_is_taken_is_named():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]

        with pytest.raises(lines.SipPortTaken, match=rf"127\.0\.0\.1:{port} .*sip\.port"):
            async with lines.lines_of(settings(sip={"port": port})):
                pass


@pytest.mark.parametrize(
    ("sip", "trunk"),
    [
        ({"tls_ca": "none.pem"}, {"transport": "tls", "port": 5061}),
        ({"tls_certificate": "none.pem", "tls_key": "none.key"}, {}),
    ],
)
async def test_files_for_tls_that_are_not_there_end_the_start(sip: dict[str, object], trunk: dict[str, object]):
    made = settings(sip={"port": 0, "tls_port": 0, **sip}, trunks=[TRUNK | trunk])

    with pytest.raises(lines.NoSipCertificate, match=r"none\.pem .*No such file.*sip\.tls_ca"):
        async with lines.lines_of(made):
            pass


def test_a_certificate_without_its_key_is_refused():
    with pytest.raises(ValueError, match="give both or neither"):
        settings(sip={"tls_certificate": "own.pem"})
