"""What the telephone line tells the engine, and how its trunks stand."""

from dataclasses import dataclass

from dialer.facts import LegSound
from dialer.shapes import DialogRef, LegId, Reason


@dataclass(frozen=True, slots=True)
class TrunkState:
    name: str
    up: bool
    reason: Reason
    channels: int  # room for this many calls at once
    in_use: int
    cps: float = 0.0  # new calls a second at most; 0: no limit
    weight: int = 1  # its share of the calls that may leave by any trunk


@dataclass(frozen=True, slots=True)
class LegRinging:
    leg: LegId
    status: int
    dialog: DialogRef


@dataclass(frozen=True, slots=True)
class LegAnswered:
    """The 200 OK arrived and was acknowledged. `at`: monotonic seconds of its arrival."""

    leg: LegId
    dialog: DialogRef
    at: float


@dataclass(frozen=True, slots=True)
class LegFailed:
    """No call came about. `status` 0: nothing came back (RFC 3261 timer B), or 487 after our CANCEL.

    `targets`: where else a 3xx says to call, as numbers, the best first. Nothing is followed by itself.
    """

    leg: LegId
    status: int
    reason: str
    retry_after: float | None = None  # seconds, when the other side asked for a rest (RFC 3261 §20.33)
    targets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LegEnded:
    """An answered leg is over. `by_us`: we hung up."""

    leg: LegId
    by_us: bool
    cause: str
    sound: LegSound | None = None


@dataclass(frozen=True, slots=True)
class LegOffered:
    """An incoming INVITE from a trunk, not answered yet. `number`: the caller if shown; `called`: the number called.

    `withheld`: the caller does not want to be shown; `diverted_by`: who sent the call on, the last one first.
    """

    leg: LegId
    trunk: str
    number: str | None
    called: str
    name: str
    withheld: bool = False
    diverted_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LegHeld:
    """The other side holds: it does not want to hear."""

    leg: LegId


@dataclass(frozen=True, slots=True)
class LegResumed:
    """The other side hears again."""

    leg: LegId


@dataclass(frozen=True, slots=True)
class LegDigit:
    """One key was pressed at the other side (0-9 * # A-D), however it came: RFC 4733, INFO, or both at once."""

    leg: LegId
    key: str


@dataclass(frozen=True, slots=True)
class LegTransferAsked:
    """The other side of an answered leg asks us to call `target` (a number or an extension) in its place (REFER).

    Refused unless `Lines.tell_transfer` is called before the listener returns.
    """

    leg: LegId
    target: str


@dataclass(frozen=True, slots=True)
class MonitorEnded:
    """The supervisor's leg hears nobody any more: it was stopped, or the bridge or the leg is over."""

    leg: LegId


@dataclass(frozen=True, slots=True)
class PromptEnded:
    leg: LegId
    prompt: str


@dataclass(frozen=True, slots=True)
class LegJudged:
    """The detector's one word on who answered. `heard`: "human", "silence", "machine", "beep", "sit" or "fax".

    `confidence`: 0 to 1, to rank by; `reason`: a stable code. `at_s`: seconds since the answer.
    """

    leg: LegId
    heard: str
    confidence: float
    reason: str
    at_s: float


@dataclass(frozen=True, slots=True)
class LegBeeped:
    """After the word "machine" or "beep": the beep is over, a message may begin."""

    leg: LegId


@dataclass(frozen=True, slots=True)
class TrunkMoved:
    state: TrunkState


LineEvent = (
    LegRinging
    | LegAnswered
    | LegFailed
    | LegEnded
    | LegOffered
    | LegHeld
    | LegResumed
    | LegDigit
    | LegTransferAsked
    | LegJudged
    | LegBeeped
    | MonitorEnded
    | PromptEnded
    | TrunkMoved
)
