"""What a practice exchange is told at its start: one JSON object."""

import json
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from practice.people import Habits, Span

Port = Annotated[int, Field(ge=0, le=65535)]
Range = tuple[float, float]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Phones(_Part):
    """Operators' phones that answer by themselves: extensions `first` to `first + count - 1`, with one secret."""

    first: int = 1001
    count: int = 20
    secret: str = "phone-secret"  # noqa: S105

    def __contains__(self, extension: object) -> bool:
        text = str(extension)
        return text.isdigit() and self.first <= int(text) < self.first + self.count


class Inbound(_Part):
    """Calls into the service. `per_minute` 0: only by command. `callers`: numbers to call from; empty: drawn."""

    number: str
    per_minute: float = Field(0.0, ge=0.0, le=600.0)
    callers: list[str] = []


class Clients(_Part):
    """Simulated operators, one for each one-time link (the link itself, or its token).

    `arrive_s`: within how long they come to work. `talk_s`: how long an operator wants to talk; about half of all calls
    are ended by the customer before. `wrap_up_s`: from the end of the call to the result.
    """

    base_url: str
    links: list[str]
    arrive_s: Annotated[float, Field(ge=0)] = 0.0
    talk_s: Range = (6.0, 20.0)
    wrap_up_s: Range = (0.5, 2.0)


class Config(_Part):
    """`bind`: the IP address of SIP and RTP; `advertise`: the one that others are told, if another.

    `accounts`: user name and secret of each trunk that may register and call. `peers`: IP addresses that are
    listened to. `challenge`: INVITEs must carry credentials. `commands`: read commands from standard input, and end
    with it.
    """

    bind: str = "127.0.0.1"
    advertise: str | None = None
    port: Port = 5070
    rtp: tuple[Port, Port] = (42000, 45999)
    realm: str = "practice"
    accounts: dict[str, str] = {"ahize": "practice-secret"}
    phones: Phones = Phones()
    peers: list[str] = ["127.0.0.1"]
    challenge: bool = True
    seed: int = 1
    talk_s: Range = (8.0, 25.0)
    patience_s: Range = (8.0, 14.0)
    ring_s: Range = (1.0, 4.0)
    inbound: Inbound | None = None
    clients: Clients | None = None
    log: Path | None = None
    commands: bool = False

    @property
    def habits(self) -> Habits:
        return Habits(talk=Span(*self.talk_s), patience=Span(*self.patience_s), mix_ring=Span(*self.ring_s))


def load(text: str) -> Config:
    """The config in a JSON text, or in the file of that name. Raises ValueError, OSError."""
    if not text.lstrip().startswith("{"):
        text = Path(text).read_text("utf-8")
    return Config.model_validate(json.loads(text))
