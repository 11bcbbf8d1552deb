"""How an attempt can end, as data: the flags decide what counts, never a list of names elsewhere."""

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """How one attempt (one INVITE) ended."""

    CONNECTED = "connected"  # a person was joined to an operator
    ABANDONED = "abandoned"  # a live answer that no operator could take in time
    HUNG_UP_EARLY = "hung_up_early"  # the called person hung up before anybody could be connected
    MACHINE = "machine"  # an answering machine, a tone or an announcement of the network answered
    FAX = "fax"  # a fax machine or a modem answered
    BUSY = "busy"  # 486, 600
    NO_ANSWER = "no_answer"  # ring time over, CANCEL
    DECLINED = "declined"  # 603: a refusal of this call, not a do-not-call request
    UNAVAILABLE = "unavailable"  # 480
    UNKNOWN_NUMBER = "unknown_number"  # 404, 410, 484, 604
    REDIRECTED = "redirected"  # 3xx: sent on, to a number that may not be dialed or on and on
    TRUNK_REFUSED = "trunk_refused"  # 401, 403, 407 again: the trunk, not the lead
    TRUNK_BUSY = "trunk_busy"  # 5xx: the trunk, not the lead
    NO_TRUNK = "no_trunk"  # 408, timer B: nothing came back
    CANCELLED = "cancelled"  # taken back by us before an answer
    LOST = "lost"  # the engine died while the attempt was alive
    FAILED = "failed"  # anything else, with its SIP code


@dataclass(frozen=True, slots=True)
class Flags:
    """What an outcome means to those who count.

    counts: one of the lead's tries. human: a live answer. reached: joined to an operator.
    abandoned: counted against the abandonment budget. trunk: a fault of the line, not of the lead.
    machine: nobody was there by the word of the detector, which is wrong about some people.
    """

    counts: bool = True
    human: bool = False
    reached: bool = False
    abandoned: bool = False
    trunk: bool = False
    machine: bool = False


FLAGS: dict[Outcome, Flags] = {
    Outcome.CONNECTED: Flags(human=True, reached=True),
    Outcome.ABANDONED: Flags(human=True, abandoned=True),
    Outcome.HUNG_UP_EARLY: Flags(human=True),
    Outcome.MACHINE: Flags(machine=True),
    Outcome.FAX: Flags(machine=True),
    Outcome.BUSY: Flags(),
    Outcome.NO_ANSWER: Flags(),
    Outcome.DECLINED: Flags(),
    Outcome.UNAVAILABLE: Flags(),
    Outcome.UNKNOWN_NUMBER: Flags(),
    Outcome.REDIRECTED: Flags(),
    Outcome.TRUNK_REFUSED: Flags(counts=False, trunk=True),
    Outcome.TRUNK_BUSY: Flags(counts=False, trunk=True),
    Outcome.NO_TRUNK: Flags(counts=False, trunk=True),
    Outcome.CANCELLED: Flags(counts=False),
    Outcome.LOST: Flags(),
    Outcome.FAILED: Flags(),
}

_BY_CODE: dict[int, Outcome] = {
    401: Outcome.TRUNK_REFUSED,
    403: Outcome.TRUNK_REFUSED,
    404: Outcome.UNKNOWN_NUMBER,
    407: Outcome.TRUNK_REFUSED,
    408: Outcome.NO_TRUNK,
    410: Outcome.UNKNOWN_NUMBER,
    480: Outcome.UNAVAILABLE,
    484: Outcome.UNKNOWN_NUMBER,
    486: Outcome.BUSY,
    487: Outcome.CANCELLED,
    600: Outcome.BUSY,
    603: Outcome.DECLINED,
    604: Outcome.UNKNOWN_NUMBER,
}


def outcome_of_status(code: int) -> Outcome:
    """The outcome that a final SIP status (300 to 699) stands for (RFC 3261 §21)."""
    found = _BY_CODE.get(code)
    if found is not None:
        return found
    if code < 400:
        return Outcome.REDIRECTED
    return Outcome.TRUNK_BUSY if 500 <= code <= 599 else Outcome.FAILED
