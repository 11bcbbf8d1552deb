"""The errors that a door can answer with.

    AhizeError
    ├── Invalid          422   the request's content is wrong; `errors` says which fields
    ├── Unauthenticated  401   nobody is signed in
    ├── Forbidden        403   signed in, without the right
    ├── NotFound         404   not there, or not yours: the same answer
    ├── Conflict         409   the state of things does not allow it now
    ├── TooLarge         413   more bytes or rows than allowed
    ├── TooMany          429   too often; `retry_after_s` in `values` when known
    └── Unavailable      503   a part is missing for now (database, trunk); try again later

A room's own errors are subclasses of these. The first line of a class's docstring is its sentence
unless one is given.
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar, TypedDict

Value = str | int | float | bool | None


class FieldError(TypedDict):
    """One wrong field: its dotted name, a stable code and one sentence."""

    field: str
    code: str
    message: str


class AhizeError(Exception):
    """Something went wrong; the log has the details."""

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500

    def __init__(self, sentence: str | None = None, /, *, code: str | None = None, **values: Value) -> None:
        self.sentence = sentence or _first_line(type(self))
        super().__init__(self.sentence)
        if code is not None:
            self.code = code  # pyright: ignore[reportAttributeAccessIssue]
        self.values: Mapping[str, Value] = values

    def __str__(self) -> str:
        return self.sentence


def _first_line(kind: type[AhizeError]) -> str:
    documented = next(base for base in kind.__mro__ if base.__doc__)
    return (documented.__doc__ or "").strip().splitlines()[0]


class Invalid(AhizeError):
    """Some fields are wrong; correct them and send again."""

    code = "invalid"
    status = 422

    def __init__(
        self,
        sentence: str | None = None,
        /,
        *,
        code: str | None = None,
        errors: Sequence[FieldError] = (),
        **values: Value,
    ) -> None:
        super().__init__(sentence, code=code, **values)
        self.errors: Sequence[FieldError] = tuple(errors)


class Unauthenticated(AhizeError):
    """Sign in first."""

    code = "unauthenticated"
    status = 401


class Forbidden(AhizeError):
    """You do not have the right to do this; ask a manager or an administrator."""

    code = "forbidden"
    status = 403


class NotFound(AhizeError):
    """There is nothing here under this name; look for it in its list."""

    code = "not_found"
    status = 404


class Conflict(AhizeError):
    """Somebody or something was faster; load again and repeat what you meant."""

    code = "conflict"
    status = 409


class TooLarge(AhizeError):
    """This is larger than allowed; send it in smaller parts."""

    code = "too_large"
    status = 413


class TooMany(AhizeError):
    """This came too often; wait a little and try again."""

    code = "too_many"
    status = 429


class Unavailable(AhizeError):
    """A part of the service is not there for the moment; try again shortly."""

    code = "unavailable"
    status = 503
