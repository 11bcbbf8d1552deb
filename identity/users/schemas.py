"""Shapes of people."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, StringConstraints

from identity.login.schemas import GrantOut, Login
from identity.shapes import Line, Shape

Extension = Annotated[str, StringConstraints(pattern=r"^[0-9]{2,15}$")]
Locale = Literal["tr", "en"]


class UserIn(Shape):
    login: Login
    name: Line
    locale: Locale = "tr"
    extension: Extension | None = None


class UserPatch(Shape):
    """What is left out stays; `extension` null takes the phone away."""

    name: Line = ""
    locale: Locale = "tr"
    extension: Extension | None = None
    disabled: bool = False


class UserOut(Shape):
    id: str
    login: str
    name: str
    locale: str
    extension: str | None
    disabled: bool
    has_password: bool
    created_at: AwareDatetime
    grants: list[GrantOut]


class UsersOut(Shape):
    items: list[UserOut]
    next: str | None


class LinkOut(Shape):
    link: str
    expires_at: AwareDatetime
