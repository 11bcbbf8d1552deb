"""Bodies that are too long, too slow, packed, or lie about themselves, on real sockets (T13)."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import uvicorn
from centre_of_two import Centre
from doors import ORIGIN, Doors
from fastapi import FastAPI

from api.app import Parts
from identity.roles.rights import Role

BOUNDARY = "b" * 20
HOST = ORIGIN.removeprefix("http://")


class Server(uvicorn.Server):
    """Uvicorn in the test's loop."""

    def install_signal_handlers(self) -> None:
        pass


@pytest.fixture
async def port(app: FastAPI) -> AsyncIterator[int]:
    config = uvicorn.Config(app, host="127.0.0.1", port=0, lifespan="off", log_config=None, http="httptools")
    server = Server(config)
    async with asyncio.TaskGroup() as group:
        group.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        yield server.servers[0].sockets[0].getsockname()[1]
        server.should_exit = True


async def send(port: int, head: str, *pieces: bytes, pause: float = 0.0) -> tuple[int, str]:
    """Send a request piece by piece, also when the other side has closed; gives status and body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(head.replace("\n", "\r\n").encode())
        for piece in pieces:
            writer.write(piece)
            await asyncio.sleep(pause)
            await writer.drain()
    except ConnectionError:
        pass
    try:
        answer = await asyncio.wait_for(_all(reader), 10)
    finally:
        writer.close()
    return int(answer.split(b" ", 2)[1]), answer.decode(errors="replace").partition("\r\n\r\n")[2]


async def _all(reader: asyncio.StreamReader) -> bytes:
    """What came until the other side closed or was reset."""
    taken = b""
    try:
        while piece := await reader.read(65536):
            taken += piece
    except ConnectionError:
        pass
    return taken


def head(path: str, cookie: str = "", **headers: str) -> str:
    lines = [f"POST {path} HTTP/1.1", f"Host: {HOST}", f"Origin: {ORIGIN}", "X-Ahize: 1", "Connection: close"]
    lines += [f"Cookie: ahize_session={cookie}"] if cookie else []
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\n".join(lines) + "\n\n"


def chunk(size: int) -> bytes:
    return f"{size:x}\r\n".encode() + b"a" * size + b"\r\n"


def code(answer: tuple[int, str]) -> tuple[int, str]:
    return answer[0], json.loads(answer[1])["code"]


async def test_announced_length_over_the_limit_is_refused_unread(port: int):
    answer = await send(port, head("/api/v1/session", Content_Type="application/json", Content_Length=str(2**31)))

    assert code(answer) == (413, "too_large")


async def test_chunks_without_end_are_cut_at_the_limit(port: int):
    start = head("/api/v1/session", Content_Type="application/json", Transfer_Encoding="chunked")

    answer = await send(port, start, *[chunk(16384)] * 64)

    assert code(answer) == (413, "too_large")


async def test_chunk_that_claims_the_world_is_cut_too(port: int):
    start = head("/api/v1/session", Content_Type="application/json", Transfer_Encoding="chunked")

    answer = await send(port, start, b"7fffffffffffff\r\n", *[b"a" * 16384] * 16)

    assert answer[0] in (400, 413)


async def test_packed_body_is_refused(port: int):
    for packing in ("gzip", "deflate", "br", "gzip, identity"):
        start = head("/api/v1/session", Content_Type="application/json", Content_Encoding=packing, Content_Length="2")

        assert code(await send(port, start, b"{}")) == (415, "content_type")


async def test_body_that_stops_arriving_is_cut(port: int):
    start = head("/api/v1/session", Content_Type="application/json", Content_Length="100")

    assert code(await send(port, start, b'{"login":')) == (408, "too_slow")


async def test_slow_body_that_goes_on_is_read_to_its_end(port: int):
    body = b'{"login": "nobody", "password": "x"}'
    start = head("/api/v1/session", Content_Type="application/json", Content_Length=str(len(body)))

    answer = await send(port, start, *[body[place : place + 6] for place in range(0, len(body), 6)], pause=0.15)

    assert code(answer) == (401, "wrong_sign_in")


def form(campaign: str, content: bytes, name: str = "people.csv") -> bytes:
    field = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="campaign"\r\n\r\n{campaign}\r\n'
    file = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    return (field + file).encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()


@pytest.fixture
async def upload(centre: Centre, parts: Parts):
    """A form as the manager of the centre would send it: head and body."""
    await parts.db.open()

    def made(content: bytes, who: str = "manager", name: str = "people.csv", **headers: str) -> tuple[str, bytes]:
        body = form(centre.here.campaign, content, name)
        headers = {"Content_Length": str(len(body))} | headers
        kind = f"multipart/form-data; boundary={BOUNDARY}"
        return head("/api/v1/lists", centre.cookies.get(who, ""), Content_Type=kind, **headers), body

    return made


ROWS = "Ad;Telefon\n" + "".join(f"Kişi {n};0532100{n:04d}\n" for n in range(4000))


def kept(parts: Parts) -> list[Path]:
    return list(parts.uploads.iterdir())


async def test_list_may_be_larger_than_other_bodies_for_who_may_upload(port: int, upload, parts: Parts):
    content = ROWS.encode("windows-1254", errors="replace")
    assert parts.body_limit < len(content) < parts.upload_limit

    taken = await send(port, *upload(content))
    refused = [await send(port, *upload(content, who)) for who in ("operator", "nobody", "stranger")]

    assert taken[0] == 202, taken[1]
    assert [answer[0] for answer in refused] == [413, 413, 413]
    assert len(kept(parts)) == 1


async def test_list_over_its_limit_leaves_nothing_on_the_disk(port: int, upload, parts: Parts):
    start, body = upload(b"Telefon\n" + b"05321005001\n" * 40_000)
    chunked = start.replace(f"Content-Length: {len(body)}", "Transfer-Encoding: chunked")
    pieces = [body[place : place + 16384] for place in range(0, len(body), 16384)]

    announced = await send(port, start, body)
    endless = await send(port, chunked, *[f"{len(piece):x}\r\n".encode() + piece + b"\r\n" for piece in pieces])

    assert announced[0] == endless[0] == 413
    assert kept(parts) == []


async def test_list_that_stops_arriving_leaves_nothing_on_the_disk(port: int, upload, parts: Parts):
    start, body = upload(b"Telefon\n" + b"05321005001\n" * 1000)

    answer = await send(port, start, body[:5000])

    assert code(answer) == (408, "too_slow")
    assert kept(parts) == []


@pytest.mark.parametrize(
    "name",
    [
        "../../../etc/cron.d/evil.csv",
        "..\\..\\windows\\evil.csv",
        "/etc/passwd",
        "C:\\boot.ini",
        "con.csv",
        "a\0b.csv",
        "%2e%2e%2fevil.csv",
        "<script>alert(1)</script>.csv",
        "a" * 5000 + ".csv",
        "",
        "\u202egpj.csv",
    ],
)
async def test_file_name_of_an_upload_never_names_a_file(port: int, upload, parts: Parts, name: str):
    before = set(parts.uploads.parent.rglob("*"))

    answer = await send(port, *upload(b"Ad;Telefon\nAyse;05321005001\n", name=name))

    made = {path for path in set(parts.uploads.parent.rglob("*")) - before if not path.name.startswith("doors.db")}
    assert answer[0] in (202, 400, 415, 422), answer
    assert all(path.parent == parts.uploads and path.stem.isalnum() and len(path.stem) == 32 for path in made), made
    if answer[0] == 202:
        assert "/" not in json.loads(answer[1])["file_name"]
        assert "\\" not in json.loads(answer[1])["file_name"]


async def test_upload_that_is_no_form_is_a_problem(port: int, upload):
    start, _ = upload(b"x", Content_Length="LENGTH")

    for body in (b"", b"--", b"a" * 100, f"--{BOUNDARY}\r\n\r\n".encode(), f"--{BOUNDARY}--\r\n".encode()):
        status, text = await send(port, start.replace("LENGTH", str(len(body))), body)

        assert 400 <= status < 500, text


async def test_signed_in_role_does_not_lift_the_limit_elsewhere(port: int, doors: Doors):
    browser = await doors.new(Role.MANAGER, "p" * 32)
    start = head(
        "/api/v1/keys",
        browser.cookies["ahize_session"],
        Content_Type="application/json",
        Content_Length=str(70 * 1024),
    )

    assert code(await send(port, start, b"{" * 70 * 1024)) == (413, "too_large")
