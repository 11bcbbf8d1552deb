"""What requests are made of: strict shapes, and text that every store and screen can take."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")


class Shape(BaseModel):
    """A request's body: unknown fields are refused, so that a misspelt one is not lost in silence."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


def _one_line(text: str) -> str:
    return _free_of_controls(text, "")


def _lines(text: str) -> str:
    return _free_of_controls(text, "\n\r\t")


def _free_of_controls(text: str, allowed: str) -> str:
    """Refuse control characters, and those that make text read in another order than it is written."""
    if any((ord(sign) < 32 or 127 <= ord(sign) < 160) and sign not in allowed for sign in text) or _BIDI & set(text):
        raise PydanticCustomError("control_character", "Text must not hold control characters.")
    return text


Line = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_one_line)]
Lines = Annotated[str, StringConstraints(max_length=20_000), AfterValidator(_lines)]
Id = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
Limit = Annotated[int, Field(ge=1, le=200)]
