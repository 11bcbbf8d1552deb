"""What a run came to: our own journal beside the log of the practice exchange, matched call by call."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from campaigns.lists.models import attempt
from contacts import sealing
from desk.calls.models import call
from dialer.outcomes import FLAGS, Outcome
from kit.db import Database
from kit.event import event
from kit.seal import Seal
from practice import log as exchange_log

Row = Mapping[Any, Any]
ANSWERED, CANCELLED = "answered", "cancelled"


@dataclass(frozen=True, slots=True)
class Theirs:
    """One call as the exchange saw it. `fate`: answered, cancelled, or the status it was refused with."""

    fate: str | int | None = None
    answered_t: float | None = None
    ended: bool = False


async def summary(db: Database, seal: Seal, log: Path, began: datetime) -> dict[str, Any]:
    """The figures since `began`. `agree`: both sides tell the same of every single call; `differences`: where not."""
    lines = exchange_log.read(log)
    theirs = seen_by_exchange(lines)
    ours = [row for row in await _attempts(db, began) if was_sent(row, theirs)]
    calls = await _calls(db, began)
    call_ids = {row["id"]: row["call_id"] for row in ours}
    pops = sorted(answer_to_pop(lines, theirs, call_ids, await _ready(db, began)))
    apart = differences(ours, theirs) + incoming_differences(seal, lines, calls)
    abandoned = sum(FLAGS[Outcome(row["outcome"])].abandoned for row in ours if row["outcome"])
    return {
        "attempts": len(ours),
        "answered": sum(one.fate == ANSWERED for one in theirs.values()),
        "connected": sum(row["direction"] == "out" and row["connected_at"] is not None for row in calls),
        "results": sum(row["disposition"] is not None for row in calls),
        "abandoned": abandoned,
        "incoming": sum(row["direction"] == "in" for row in calls),
        "answer_to_pop_ms": {"p50": percentile(pops, 0.5), "p99": percentile(pops, 0.99)},
        "agree": not apart,
        "differences": apart,
    }


# ---------------------------------------------------------------- the two sides


async def _attempts(db: Database, began: datetime) -> Sequence[Row]:
    columns = (attempt.c.id, attempt.c.call_id, attempt.c.outcome, attempt.c.status, attempt.c.answered_at)
    found = select(*columns).where(attempt.c.kind == "call", attempt.c.started_at >= began)
    async with db.read() as conn:
        return (await conn.execute(found)).mappings().all()


async def _calls(db: Database, began: datetime) -> Sequence[Row]:
    columns = (call.c.direction, call.c.connected_at, call.c.disposition, call.c.number_digest)
    async with db.read() as conn:
        return (await conn.execute(select(*columns).where(call.c.started_at >= began))).mappings().all()


async def _ready(db: Database, began: datetime) -> dict[str, list[datetime]]:
    """When each operator became ready, by the journal."""
    changed = (event.c.type == "ahize.operator.changed.v1") & (event.c.at >= began)
    found: dict[str, list[datetime]] = {}
    async with db.read() as conn:
        for row in await conn.execute(select(event.c.subject, event.c.at, event.c.body).where(changed)):
            if row.body["state"] == "ready":
                found.setdefault(row.subject, []).append(row.at)
    return found


def seen_by_exchange(lines: Iterable[Mapping[str, Any]]) -> dict[str, Theirs]:
    """Every customer's call in the exchange's log, by Call-ID."""
    seen: dict[str, Theirs] = {}
    for line in lines:
        if line.get("kind") == "customer":
            call_id = line["call_id"]
            seen[call_id] = _with(seen.get(call_id, Theirs()), line)
    return seen


def _with(one: Theirs, line: Mapping[str, Any]) -> Theirs:
    match line["event"]:
        case "answered":
            return Theirs(ANSWERED, line["t"])
        case "cancelled":
            return Theirs(CANCELLED, None, True)
        case "refused":
            return Theirs(line["status"], None, True)
        case "ended":
            return Theirs(one.fate, one.answered_t, True)
        case _:
            return one


# ---------------------------------------------------------------- held against each other


def differences(ours: Iterable[Row], theirs: Mapping[str, Theirs]) -> list[str]:
    """A line for each call that only one side knows, or whose fate the two tell differently."""
    told = {row["call_id"]: fate_of(row) for row in ours}
    seen = {call_id: one.fate if one.ended else "still on" for call_id, one in theirs.items()}
    return [
        f"{call_id}: {told.get(call_id, 'unknown')} here, {seen.get(call_id, 'unknown')} at the exchange"
        for call_id in sorted(told.keys() | seen.keys())
        if told.get(call_id) != seen.get(call_id)
    ]


def was_sent(row: Row, theirs: Mapping[str, Theirs]) -> bool:
    """Not an attempt that was taken back between its commit and its INVITE, which never left."""
    return row["call_id"] in theirs or (row["outcome"], row["status"]) != (Outcome.CANCELLED, 0)


def fate_of(row: Row) -> str | int | None:
    """Our attempt in the exchange's words."""
    if row["answered_at"] is not None:
        return ANSWERED
    if row["outcome"] in (Outcome.NO_ANSWER, Outcome.CANCELLED):
        return CANCELLED
    return row["status"]


def incoming_differences(seal: Seal, lines: Iterable[Mapping[str, Any]], calls: Iterable[Row]) -> list[str]:
    """A line for each number that was answered when it called in and does not stand in our calls as often."""
    theirs = Counter(
        sealing.number_digest(seal, line["number"])
        for line in lines
        if line.get("kind") == "caller" and line["event"] == "answered"
    )
    ours = Counter(row["number_digest"] for row in calls if row["direction"] == "in")
    return [
        f"incoming calls of one number: {ours[number]} here, {theirs[number]} at the exchange"
        for number in ours.keys() | theirs.keys()
        if ours[number] != theirs[number]
    ]


def answer_to_pop(
    lines: Sequence[Mapping[str, Any]],
    theirs: Mapping[str, Theirs],
    call_ids: Mapping[str, str],
    ready: Mapping[str, Sequence[datetime]],
) -> Iterable[float]:
    """Milliseconds from the exchange's 200 to the pop at the simulated desk, both on the exchange's clock.

    Dialing ahead, a person may answer before an operator is free: then from the moment when the one who took the call
    became ready. `ready`: those moments, by operator.
    """
    to_clock = _offset(lines)
    for line in lines:
        if line["event"] == "pop" and line.get("attempt") in call_ids:
            answered = theirs[call_ids[line["attempt"]]].answered_t
            free = [at.timestamp() + to_clock for at in ready.get(line["operator"], ())]
            came_free = max((t for t in free if t <= line["t"]), default=0.0)
            if answered is not None:
                yield (line["t"] - max(answered, came_free)) * 1000


def _offset(lines: Sequence[Mapping[str, Any]]) -> float:
    """What is added to wall time to get the exchange's clock: the two stand in every line it writes at once."""
    line = next((line for line in lines if line["event"] == "invite"), None)
    return 0.0 if line is None else line["t"] - datetime.fromisoformat(line["at"]).timestamp()


def percentile(ordered: Sequence[float], share: float) -> float | None:
    """The nearest-rank percentile of sorted values, to a tenth; None of nothing."""
    if not ordered:
        return None
    rank = min(len(ordered) - 1, int(share * len(ordered)))
    return round(ordered[rank], 1)
