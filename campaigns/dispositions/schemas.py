"""Shapes of dispositions."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from campaigns.text import Code, Line


class Flag(StrEnum):
    """What a disposition means to those who count and to the lead."""

    SUCCESS = "success"
    REFUSAL = "refusal"  # needs a reason
    CALLBACK = "callback"  # needs a time
    DO_NOT_CALL = "do_not_call"  # puts the number on the project's do-not-call list
    WRONG_NUMBER = "wrong_number"
    MACHINE = "machine"


@dataclass(frozen=True, slots=True)
class Disposition:
    """A result as stored. `retry_s`: the lead is called again after so many seconds; None: not because of this.

    `reasons`: [{"code", "label": {"tr", "en"}}].
    """

    id: str
    project: str
    code: str
    label_tr: str
    label_en: str
    key: str | None
    flags: frozenset[Flag]
    retry_s: float | None
    needs_reason: bool
    reasons: tuple[dict[str, Any], ...]

    def allows(self, reason: str | None) -> bool:
        """Whether `reason` (a code) is one of those that this disposition has, or is rightly missing."""
        if reason is None:
            return not self.needs_reason
        return any(known["code"] == reason for known in self.reasons)


class Label(BaseModel):
    model_config = ConfigDict(extra="forbid")

    tr: Line
    en: Line


class ReasonIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    code: Code
    label: Label


class DispositionIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    code: Code
    label: Label
    key: Annotated[str, StringConstraints(pattern=r"^[0-9]$")] | None = None
    flags: Annotated[list[Flag], Field(max_length=6)] = []
    retry_s: Annotated[float, Field(ge=60, le=90 * 86400)] | None = None
    needs_reason: bool = False
    reasons: Annotated[list[ReasonIn], Field(max_length=50)] = []

    @model_validator(mode="after")
    def reasons_can_be_given(self) -> Self:
        if (self.needs_reason or Flag.REFUSAL in self.flags) and not self.reasons:
            raise ValueError("a refusal needs a reason: list the reasons that can be chosen")
        return self

    @property
    def must_give_reason(self) -> bool:
        return self.needs_reason or Flag.REFUSAL in self.flags


class DispositionsIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    items: Annotated[list[DispositionIn], Field(min_length=1, max_length=50)]

    @model_validator(mode="after")
    def each_has_its_own(self) -> Self:
        keys = [item.key for item in self.items if item.key is not None]
        codes = [item.code for item in self.items]
        if len(set(codes)) != len(codes):
            raise ValueError("two dispositions have the same code: give each its own")
        if len(set(keys)) != len(keys):
            raise ValueError("two dispositions have the same key: give each its own")
        return self


class DispositionOut(BaseModel):
    code: str
    label: dict[str, str]
    key: str | None
    flags: list[str]
    retry_s: float | None
    needs_reason: bool
    reasons: list[dict[str, Any]]


def out_of(found: Disposition) -> DispositionOut:
    return DispositionOut(
        code=found.code,
        label={"tr": found.label_tr, "en": found.label_en},
        key=found.key,
        flags=sorted(found.flags),
        retry_s=found.retry_s,
        needs_reason=found.needs_reason,
        reasons=list(found.reasons),
    )
