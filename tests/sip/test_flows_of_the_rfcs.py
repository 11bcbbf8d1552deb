"""The example messages of RFC 3665 and RFC 5359 come out as they went in, Python's own mail parser being the judge."""

import re
from email import message_from_bytes
from email.policy import compat32
from pathlib import Path

import pytest

import sip

NO_MESSAGE = {"008_s2.15_F7.sip", "159_s3.10_F4.sip"}
"""A status line out of a picture; a message whose printed page ends before its From."""
CUT = {"129_s3.8_F2.sip", "148_s3.9_F1.sip"}
"""Their bodies end too early."""


def printed(path: Path) -> bytes:
    """A message as it was meant: RFC 5359 prints `...` for most lengths."""
    data = path.read_bytes()
    length = len(data.partition(b"\r\n\r\n")[2])
    wrong = rb"(?<=Content-Length: )\d+" if path.name in CUT else rb"(?<=Content-Length: )\.\.\."
    return re.sub(wrong, str(length).encode(), data)


def meaning(data: bytes) -> tuple[bytes, dict[str, list[str]], bytes]:
    """Start line, fields by lower-case name without folds, body."""
    start, _, rest = data.partition(b"\r\n")
    head, _, body = rest.partition(b"\r\n\r\n")
    fields: dict[str, list[str]] = {}
    for name, value in message_from_bytes(head + b"\r\n\r\n", policy=compat32).raw_items():
        fields.setdefault(name.lower(), []).append(" ".join(str(value).split()))
    return start, fields, body


@pytest.mark.parametrize(("folder", "count"), [("rfc3665", 177), ("rfc5359", 44)])
def test_every_message_is_read_and_written_with_the_same_meaning(material: Path, folder: str, count: int) -> None:
    paths = [path for path in sorted((material / folder).glob("*.sip")) if path.name not in NO_MESSAGE]
    wrong: list[tuple[str, object]] = []
    for path in paths:
        data = printed(path)
        start, fields, body = meaning(data)
        written = sip.parse(data).encode()
        if meaning(written) != (start, {"content-length": [str(len(body))]} | fields, body):
            wrong.append((path.name, written))
        assert sip.parse(written).via.branch

    assert len(paths) == count
    assert wrong == []
