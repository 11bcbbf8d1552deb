"""Shapes of roles."""

from typing import Annotated

from pydantic import Field

from identity.roles.rights import Role
from identity.shapes import Id, Shape


class GrantIn(Shape):
    project: Id | None = None
    role: Role


class GrantsIn(Shape):
    grants: Annotated[list[GrantIn], Field(max_length=500)]
