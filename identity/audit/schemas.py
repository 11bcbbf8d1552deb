"""Shapes of the trail."""

from typing import Any

from pydantic import AwareDatetime

from identity.shapes import Shape


class LineOut(Shape):
    id: str
    at: AwareDatetime
    actor: str | None
    action: str
    subject: str | None
    project: str | None
    detail: dict[str, Any]


class TrailOut(Shape):
    items: list[LineOut]
    next: str | None
