"""A multipart upload as it streams in: the file goes sealed to disk piece by piece, fields stay in memory.

How much may come and how slowly is judged by the door (`api.body`) while it is read here.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath, PureWindowsPath

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect

from campaigns.errors import ListProblem, NotMultipart, UploadStalled, UploadTooLarge
from campaigns.lists.sealedfile import SealedWriter
from campaigns.lists.verdicts import tidy

LONGEST_FIELDS = 64 * 1024  # bytes of all text fields together
MOST_PARTS = 20
FILE = "file"


@dataclass(frozen=True, slots=True)
class Upload:
    """What came: the text fields, and of the file its name, size in bytes and SHA-256."""

    fields: dict[str, str]
    file_name: str
    size: int
    digest: bytes


@dataclass(slots=True)
class _Parts:
    """What the parser calls back. `arrived`: bytes of the file that are still to be written."""

    name: str = ""
    header: bytearray = field(default_factory=bytearray)
    value: bytearray = field(default_factory=bytearray)
    fields: dict[str, bytearray] = field(default_factory=dict[str, bytearray])
    file_name: str | None = None
    arrived: bytearray = field(default_factory=bytearray)
    count: int = 0
    held: int = 0
    ended: bool = False

    def on_part_begin(self) -> None:
        self.name = ""
        self.count += 1
        if self.count > MOST_PARTS:
            raise NotMultipart

    def on_header_begin(self) -> None:
        self.header.clear()
        self.value.clear()

    def on_header_field(self, some: bytes, start: int, end: int) -> None:
        self._hold(end - start)
        self.header += some[start:end]

    def on_header_value(self, some: bytes, start: int, end: int) -> None:
        self._hold(end - start)
        self.value += some[start:end]

    def on_header_end(self) -> None:
        if self.header.lower() != b"content-disposition":
            return
        _, options = parse_options_header(bytes(self.value))
        self.name = options.get(b"name", b"").decode(errors="replace")
        if self.name == FILE:
            if self.file_name is not None:
                raise ListProblem("Send one file at a time.", code="several_files")
            self.file_name = _base(options.get(b"filename", b"").decode(errors="replace"))

    def on_part_data(self, some: bytes, start: int, end: int) -> None:
        if self.name == FILE:
            self.arrived += some[start:end]
            return
        self._hold(end - start)
        self.fields.setdefault(self.name, bytearray()).extend(some[start:end])

    def on_end(self) -> None:
        self.ended = True

    def _hold(self, size: int) -> None:
        self.held += size
        if self.held > LONGEST_FIELDS:
            raise UploadTooLarge


async def receive(content_type: str, body: AsyncIterator[bytes], to: SealedWriter, limit: int) -> Upload:
    """Read a request's body to its end; the file is in `to`, which is finished. `limit`: bytes of the file.

    Raises NotMultipart, UploadTooLarge, UploadStalled, ListProblem (no_file, several_files).
    """
    parts = _Parts()
    parser = _parser(content_type, parts)
    digest, size = hashlib.sha256(), 0
    try:
        async for some in body:
            parser.write(some)
            fresh = bytes(parts.arrived)
            parts.arrived.clear()
            size += len(fresh)
            if size > limit:
                raise UploadTooLarge(limit=limit)
            digest.update(fresh)
            await asyncio.to_thread(to.write, fresh)
    except FormParserError:
        raise NotMultipart from None
    except ClientDisconnect:
        raise UploadStalled from None
    if not parts.ended:
        raise NotMultipart
    if parts.file_name is None:
        raise ListProblem("There is no file in the upload; send it in the part named file.", code="no_file")
    await asyncio.to_thread(to.finish)
    return Upload(_texts(parts), parts.file_name or "list.csv", size, digest.digest())


def _parser(content_type: str, parts: _Parts) -> MultipartParser:
    kind, options = parse_options_header(content_type)
    boundary = options.get(b"boundary")
    if kind != b"multipart/form-data" or not boundary:
        raise NotMultipart
    names = (
        *("on_part_begin", "on_part_data", "on_header_begin", "on_header_field", "on_header_value"),
        *("on_header_end", "on_end"),
    )
    return MultipartParser(boundary, {name: getattr(parts, name) for name in names})  # pyright: ignore[reportArgumentType]


def _texts(parts: _Parts) -> dict[str, str]:
    return {name: bytes(value).decode(errors="replace") for name, value in parts.fields.items()}


def _base(name: str) -> str:
    """The last part of a path of either kind, in a form that can be shown."""
    return tidy(PurePosixPath(PureWindowsPath(name).name).name, 200)
