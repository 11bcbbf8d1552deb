"""The doctor: each thing that can be wrong is found and said with what to do; what is well is said so."""

import json
import os
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from exchange_double import exchange
from sqlalchemy import make_url, text
from typer.testing import CliRunner

from cli import store
from cli.doctor import base, machine, trunk
from cli.doctor.finding import Finding
from cli.main import app
from cli.settings import Database as DatabaseSettings
from cli.settings import Server, Settings
from kit import keyring
from kit.clock import ManualClock
from kit.seal import MasterKey

NOW = datetime(2026, 6, 1, tzinfo=UTC)
SEEN, OTHER = {"advertise": "203.0.113.9"}, {"advertise": "203.0.113.10"}


def settings(**sections: object) -> Settings:
    return Settings.model_validate({"trunks": [{"name": "pbx", "host": "127.0.0.1", "channels": 2}], **sections})


def in_folder(folder: Path) -> Settings:
    """Settings whose data is in `folder`."""
    url = f"sqlite+aiosqlite:///{folder / 'ahize.db'}"
    return settings(database={"url": url}, keys={"master_key_file": str(folder / "master.key")})


# ---------------------------------------------------------------- settings


def test_wrong_settings_are_told_line_by_line_and_end_with_1(tmp_path: Path):
    file = tmp_path / "config.yaml"
    file.write_text("sip: {prot: 5060}\ntrunks:\n  - {name: pbx, host: 127.0.0.1}\n")

    done = CliRunner().invoke(app, ["doctor", "--config", str(file), "--json"])

    (finding,) = json.loads(done.stdout)["findings"]
    assert done.exit_code == 1
    assert finding["state"] == "problem"
    assert "sip.prot" in finding["found"]
    assert "did you mean port" in finding["found"]


def test_a_line_is_a_word_a_place_and_what_to_do():
    assert str(Finding("disk", "problem", "it is full", "make room")) == "MEND  disk: it is full; make room"
    assert str(Finding("disk", "ok", "there is room")) == "ok    disk: there is room"


# ---------------------------------------------------------------- database and key


async def began(folder: Path, url: str | None = None) -> Settings:
    """After the first start of a service."""
    made = in_folder(folder)
    if url is not None:
        made = made.model_copy(update={"database": DatabaseSettings(url=url)})
    master = MasterKey.load(folder / "master.key")
    async with store.opened(made.database.url) as db:
        await db.write(lambda tx: keyring.belongs(tx, master, NOW))
    return made


async def test_a_database_and_its_key_are_well(tmp_path: Path, database_url: str):
    found = await base.look(await began(tmp_path, database_url))

    assert [(one.check, one.state) for one in found] == [("database", "ok"), ("master key", "ok")]
    assert make_url(database_url).database in found[0].found


@pytest.mark.postgres
async def test_a_server_that_takes_no_writes_must_be_mended(tmp_path: Path, empty_base: str):
    wanted = await began(tmp_path, empty_base)
    barred = text(f'ALTER DATABASE "{make_url(empty_base).database}" SET default_transaction_read_only = on')
    async with store.existing(empty_base) as db:
        await db.write(lambda tx: tx.conn.execute(barred))

    (finding,) = await base.look(wanted)

    assert (finding.state, finding.mend) == ("problem", "connect to the primary")


async def test_no_database_is_a_note_and_none_is_made(tmp_path: Path):
    found = await base.look(in_folder(tmp_path))

    assert [one.state for one in found] == ["note", "note"]
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("harm", "check", "words"),
    [
        (lambda folder: (folder / "master.key").unlink(), "master key", "put it back from your copy"),
        (lambda folder: (folder / "master.key").write_text("00" * 32), "master key", "sealed with another one"),
        (lambda folder: (folder / "ahize.db").write_bytes(b"x" * 4096), "database", "not a SQLite database"),
        (lambda folder: (folder / "ahize.db").write_bytes(b""), "database", "empty file"),
    ],
    ids=["key lost", "another key", "another file", "empty"],
)
async def test_a_damaged_base_or_key_must_be_mended(
    tmp_path: Path, harm: Callable[[Path], object], check: str, words: str
):
    wanted = await began(tmp_path)
    harm(tmp_path)

    (finding,) = [one for one in await base.look(wanted) if one.state == "problem"]

    assert finding.check == check
    assert words in str(finding)
    assert finding.mend


async def test_older_tables_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    wanted = await began(tmp_path)
    monkeypatch.setattr("migrations.run.newest", lambda: "9999")

    (finding,) = await base.look(wanted)

    assert (finding.state, "ahize migrate" in finding.mend) == ("problem", True)


# ---------------------------------------------------------------- clock and disk


@pytest.mark.parametrize(
    ("kept", "state", "words"),
    [(True, "ok", "kept by NTP"), (False, "note", "NTP does not keep it"), (None, "note", "does not say")],
)
def test_a_clock_is_judged_by_what_the_system_says(kept: bool | None, state: str, words: str):
    clock = ManualClock(NOW)
    watch = machine.ClockWatch(clock, lambda: kept)

    clock.advance(3)
    finding = watch.look()

    assert finding.state == state
    assert words in finding.found


def test_a_clock_that_is_set_meanwhile_must_be_mended():
    clock = ManualClock(NOW)
    watch = machine.ClockWatch(clock, lambda: True)

    clock.advance(3)
    clock.set(NOW + timedelta(seconds=63))

    assert (watch.look().state, watch.look().found) == ("problem", "it was set by +60.0 s meanwhile")


def test_a_full_disk_is_found_even_where_no_folder_is_yet(tmp_path: Path):
    wanted = in_folder(tmp_path / "not" / "yet")
    asked: list[Path] = []

    full = machine.disk(wanted, lambda path: asked.append(path) or machine.GIB // 2)
    roomy = machine.disk(wanted, lambda path: machine.GIB)

    assert (full.state, roomy.state) == ("problem", "ok")
    assert full.found.startswith("0.5 GiB free")
    assert tmp_path in asked


# ---------------------------------------------------------------- certificate


def certified(folder: Path, ends: datetime) -> Server:
    """A server with a certificate of its own, good until `ends`."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "desk.example")])
    built = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    built = built.serial_number(1).not_valid_before(ends - timedelta(days=90)).not_valid_after(ends)
    (folder / "desk.pem").write_bytes(built.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "desk.key").write_bytes(key.private_bytes(serialization.Encoding.PEM, *plain))
    return Server(tls_certificate=str(folder / "desk.pem"), tls_key=str(folder / "desk.key"))


@pytest.mark.parametrize(("days", "state"), [(60, "ok"), (13, "problem"), (-1, "problem")])
def test_a_certificate_is_judged_by_its_end(tmp_path: Path, days: int, state: str):
    server = certified(tmp_path, NOW + timedelta(days=days))

    assert machine.certificate(server, NOW).state == state


def test_a_certificate_that_does_not_fit_its_key_must_be_mended(tmp_path: Path):
    server = certified(tmp_path, NOW + timedelta(days=60))
    certificate = (tmp_path / "desk.pem").read_bytes()
    certified(tmp_path, NOW + timedelta(days=60))
    (tmp_path / "desk.pem").write_bytes(certificate)

    assert machine.certificate(server, NOW).state == "problem"


@pytest.mark.parametrize(
    ("server", "state"),
    [
        (Server(), "ok"),
        (Server(host="192.0.2.1"), "note"),
        (Server(host="192.0.2.1", public_url="https://desk.example"), "ok"),
    ],
)
def test_no_certificate_is_fine_behind_a_proxy_or_on_one_machine(server: Server, state: str):
    assert machine.certificate(server, NOW).state == state


# ---------------------------------------------------------------- ports


def by_check(found: list[Finding]) -> dict[str, Finding]:
    return {finding.check: finding for finding in found}


def test_ports_that_others_have_must_be_mended():
    with (
        socket.create_server(("127.0.0.1", 0)) as web,
        socket.create_server(("127.0.0.1", 0)) as stream,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line,
    ):
        line.bind(stream.getsockname())
        taken = {"port": web.getsockname()[1]}, {"port": line.getsockname()[1]}

        found = by_check(machine.ports(settings(server=taken[0], sip=taken[1]), running=False))
        of_service = by_check(machine.ports(settings(server=taken[0], sip=taken[1]), running=True))

    assert found["port of the pages"].state == found["port of SIP"].state == "problem"
    assert "server.port" in found["port of the pages"].mend
    assert of_service["port of the pages"].state == of_service["port of SIP"].state == "ok"


@pytest.mark.parametrize("kind", ["TCP", "TLS"])
def test_a_port_of_sip_is_asked_for_by_each_transport(kind: str):
    with socket.create_server(("127.0.0.1", 0)) as other:
        place = {"TCP": "port", "TLS": "tls_port"}[kind]
        sip = {"port": 0, "tls_certificate": "own.pem", "tls_key": "own.key", place: other.getsockname()[1]}
        found = by_check(machine.ports(settings(sip=sip), running=False))["port of SIP"]

    assert found.state == "problem"
    assert f"{sip[place]} by {kind} cannot be had" in found.found


def test_a_running_service_without_the_sip_port_runs_on_other_settings():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        free = probe.getsockname()[1]

    found = by_check(machine.ports(settings(sip={"port": free}), running=True))

    assert "runs on other settings" in found["port of SIP"].mend


@pytest.mark.parametrize(
    ("media", "words"),
    [
        ({"port_min": 24900, "port_max": 24903}, "of 2 pairs are free"),
        ({"port_min": 24900, "port_max": 24904, "host": "192.0.2.10"}, "192.0.2.10"),
    ],
)
def test_ports_of_sound_are_counted(media: dict[str, object], words: str):
    found = by_check(machine.ports(settings(server={"port": 0}, sip={"port": 0}, media=media), running=False))

    assert words in found["ports of sound"].found


def test_a_range_too_narrow_for_the_channels_must_be_mended():
    wanted = Settings.model_validate({
        "trunks": [{"name": "pbx", "host": "127.0.0.1", "channels": 3}],
        "media": {"port_min": 24900, "port_max": 24903},
    })  # fmt: skip

    found = by_check(machine.ports(wanted, running=False))["ports of sound"]

    assert (found.state, found.found) == ("problem", "2 pairs for 3 channels of the trunks")


async def test_what_is_not_our_service_is_not_taken_for_it():
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as closed:
        closed.bind(("127.0.0.1", 0))

        assert not await machine.is_running(Server(port=closed.getsockname()[1]))


# ---------------------------------------------------------------- trunks


def towards(port: int, **more: object) -> Settings:
    account = {"name": "pbx", "host": "127.0.0.1", "port": port, "username": "dialer", "password": "secret"}
    sections = {name: more.pop(name, {}) for name in ("sip", "media")}
    return Settings.model_validate({"trunks": [{**account, **more}], **sections})


async def looked(wanted: Settings) -> dict[str, Finding]:
    return by_check(await trunk.look(wanted, wanted.trunks[0], NOW))


@pytest.mark.parametrize(
    ("status", "state", "words"),
    [
        (200, "ok", "dialer is known, no password was asked for; nobody is registered there"),
        (401, "problem", "refused the user name or the password (401)"),
        (403, "problem", "see the trunk's username, password and realm"),
        (404, "problem", "the exchange knows no dialer (404)"),
        (405, "problem", "set the trunk's register to false"),
        (400, "note", "the password was not proven (400 Bad Request)"),
        (None, "problem", "got no answer"),
    ],
)
async def test_what_a_registrar_says_is_told(
    monkeypatch: pytest.MonkeyPatch, status: int | None, state: str, words: str
):
    if status is None:
        monkeypatch.setattr(trunk, "PATIENCE_S", 2.0)
    async with exchange({"OPTIONS": 200} | ({} if status is None else {"REGISTER": status})) as far:
        found = await looked(towards(far.port))

    assert found["trunk pbx"].state == "ok"
    assert found["account of pbx"].state == state
    assert words in str(found["account of pbx"])


async def test_the_account_is_proven_without_touching_who_is_registered():
    async with exchange({"OPTIONS": 200, "REGISTER": 200}) as far:
        await looked(towards(far.port))

    (asked,) = [request for request in far.asked if request.method == "REGISTER"]
    assert asked.get("contact") is None
    assert asked.get("expires") is None


async def test_a_foreign_realm_is_told_apart_from_a_wrong_password():
    async with exchange({"OPTIONS": 200, "REGISTER": 401}, realm="elsewhere") as far:
        found = await looked(towards(far.port, realm="here"))

    assert "another realm" in found["account of pbx"].found


async def test_a_silent_trunk_is_one_line(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(trunk, "PATIENCE_S", 0.2)
    async with exchange({}) as far:
        found = await looked(towards(far.port))

    assert list(found) == ["trunk pbx"]
    assert (found["trunk pbx"].state, "does not answer" in found["trunk pbx"].found) == ("problem", True)


async def test_a_trunk_without_an_account_is_only_asked_whether_it_is_there():
    async with exchange({"OPTIONS": 404}) as far:
        found = await looked(towards(far.port, username=""))

    assert list(found) == ["trunk pbx"]
    assert found["trunk pbx"].state == "ok"


@pytest.mark.parametrize(
    ("told", "state", "mend", "wrong"),
    [
        ({}, "problem", "set sip.advertise and media.advertise to 203.0.113.9", "calls to 127.0.0.1 and sound to"),
        ({"sip": SEEN}, "problem", "set sip.advertise and media.advertise to 203.0.113.9", "is told to send sound to"),
        ({"sip": OTHER, "media": SEEN}, "note", "see sip.advertise", "is told to send calls to 203.0.113.10"),
    ],
)
async def test_an_address_that_the_exchange_does_not_see_is_told(
    told: dict[str, dict[str, str]], state: str, mend: str, wrong: str
):
    async with exchange({"OPTIONS": 200}, seen_as="203.0.113.9") as far:
        found = await looked(towards(far.port, username="", **told))

    seen = found["address towards pbx"]
    assert seen.state == state
    assert seen.mend.startswith(mend)
    assert wrong in seen.found


async def test_the_advertised_address_that_the_exchange_sees_is_fine():
    async with exchange({"OPTIONS": 200}, seen_as="203.0.113.9") as far:
        found = await looked(towards(far.port, username="", sip=SEEN, media=SEEN))

    assert list(found) == ["trunk pbx"]


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("Mon, 01 Jun 2026 00:02:00 GMT", "this machine's is 120 s behind"),
        ("Sun, 31 May 2026 23:59:00 GMT", "this machine's is 60 s ahead"),
        ("Mon, 01 Jun 2026 00:00:20 GMT", None),
        ("yesterday", None),
    ],
)
async def test_clocks_that_are_apart_are_told(said: str, found: str | None):
    async with exchange({"OPTIONS": 200}, date=said) as far:
        looked_at = await looked(towards(far.port, username=""))

    assert (looked_at["clock of pbx"].found if "clock of pbx" in looked_at else None) == found


async def test_a_name_without_an_address_must_be_mended():
    found = await looked(towards(5060, host="no-such-name.invalid"))

    assert found["trunk pbx"].found == "the name no-such-name.invalid has no address"


async def test_an_exchange_elsewhere_is_not_reached_from_loopback(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(trunk, "own_address", lambda host, port: "192.0.2.5")

    found = await looked(towards(5060, host="192.0.2.20"))

    assert found["trunk pbx"].mend == "set sip.host, and media.host, to 192.0.2.5"


async def test_all_addresses_are_no_address_towards_the_exchange():
    wanted = settings(sip={"host": "0.0.0.0"})

    assert "write the one address" in (await looked(wanted))["trunk pbx"].mend
