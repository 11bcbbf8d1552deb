"""Shapes of signing in."""

from typing import Annotated

from pydantic import AwareDatetime, Field, StringConstraints

from identity.roles.rights import Right, Role
from identity.shapes import Id, Line, Shape

Password = Annotated[str, StringConstraints(min_length=1, max_length=256, strip_whitespace=False)]
Login = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[\w.@+-]+$")]


Code = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")]


class LinkIn(Shape):
    token: Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[\w-]+$")]
    code: Code | None = None


class SessionIn(Shape):
    login: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    password: Password
    code: Code | None = None


class PasswordIn(Shape):
    password: Password
    current: Password | None = None


class CodeIn(Shape):
    code: Code


class SecondFactorOut(Shape):
    """A secret for an authenticator app; `uri` is what it reads as a picture (otpauth)."""

    secret: str
    uri: str


class GrantOut(Shape):
    project: str | None
    role: Role


class Me(Shape):
    id: str
    login: str
    name: str
    locale: str
    extension: str | None
    grants: list[GrantOut]
    rights: list[Right]
    must_set_password: bool
    must_enrol: bool
    second_factor: bool


class SessionOut(Shape):
    user: Me


class KeyIn(Shape):
    name: Line
    scopes: Annotated[frozenset[Right], Field(min_length=1)]
    project: Id | None = None
    days: Annotated[int, Field(ge=1, le=366)] = 90


class KeyOut(Shape):
    id: str
    name: str
    project: str | None
    scopes: list[str]
    created_at: AwareDatetime
    expires_at: AwareDatetime
    revoked_at: AwareDatetime | None


class NewKeyOut(Shape):
    id: str
    key: str


class KeysOut(Shape):
    items: list[KeyOut]
