"""The kinds of text that requests may hold."""

import re
import unicodedata
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

from kit.errors import NotFound

_ID = re.compile(r"[0-9a-f]{32}")


def _known_form(value: str) -> str:
    if not _ID.fullmatch(value):
        raise NotFound
    return value


def _one_line(value: str) -> str:
    if any(unicodedata.category(mark) in ("Cc", "Cs", "Zl", "Zp") for mark in value):
        raise ValueError("write it on one line, without control characters")
    return value


def _plain(value: str) -> str:
    if any(unicodedata.category(mark) in ("Cc", "Cs") and mark not in "\n\r\t" for mark in value):
        raise ValueError("take the control characters out")
    return value


Id = Annotated[str, AfterValidator(_known_form)]
"""An id in a path or a query; one that cannot exist is not found (404), like one that does not."""

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120), AfterValidator(_one_line)]
"""One line for a name or a label: 1 to 120 characters."""

Remark = Annotated[str, StringConstraints(strip_whitespace=True, max_length=400), AfterValidator(_one_line)]
Body = Annotated[str, StringConstraints(max_length=20_000), AfterValidator(_plain)]
"""Text of several lines, like a script: up to 20,000 characters."""

Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
