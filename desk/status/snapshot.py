"""Everything a desk needs to draw itself anew: after a reload, or when there is nothing to resume from."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import RowMapping, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from campaigns.campaigns.models import campaign
from desk.calls import pop
from desk.calls.events import reason_body
from desk.calls.models import call
from desk.parts import Engine, trunks_of
from desk.status.service import OFFLINE, WRAP_UP, state_of
from dialer.line_events import TrunkState
from dialer.shapes import CampaignId, OperatorId
from identity.roles.rights import Actor, Right
from kit.seal import Seal

Snapshot = dict[str, object]


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the journal the snapshot stands: it holds at least every event up to `position`."""

    epoch: str
    position: int


async def build(
    conn: AsyncConnection, seal: Seal, actor: Actor, place: Place, engine: Engine | None, now: datetime
) -> Snapshot:
    """The desk of `actor`. `place` must have been read before `conn` was opened."""
    row = await state_of(conn, actor.user)
    on = None if row is None else await _call(conn, row["call"], actor.user)
    return {
        "epoch": place.epoch,
        "position": place.position,
        "operator": operator_body(row, actor) | {"then": _then(engine, actor)},
        "talk": None if engine is None else _talk(engine, OperatorId(actor.user)),
        "listening": None if engine is None else _listening(engine, OperatorId(actor.user)),
        "call": None if on is None else await pop.build(conn, seal, on["id"], actor.name, now),
        "wrap_up": _wrap_up(row, on),
        "campaigns": [_with_reason(each, engine) for each in await _campaigns(conn, actor)],
        "trunks": [_trunk(trunk) for trunk in trunks_of(engine)],
    }


def operator_body(row: RowMapping | None, actor: Actor) -> dict[str, object]:
    """The operator's state for the desk; who has never worked is offline."""
    shown: dict[str, object] = {"state": OFFLINE, "reason": None, "since": None, "until": None, "call": None}
    if row is not None:
        shown |= {
            "state": row["state"],
            "reason": row["reason"],
            "since": row["since"].isoformat(),
            "until": None if row["until"] is None else row["until"].isoformat(),
            "call": row["call"],
        }
    return {"id": actor.user, "name": actor.name, "extension": actor.extension} | shown


async def _call(conn: AsyncConnection, call_id: str | None, operator: str) -> RowMapping | None:
    if call_id is None:
        return None
    columns = (call.c.id, call.c.ended_at, call.c.disposition)
    mine = (call.c.id == call_id) & (call.c.operator == operator)
    return (await conn.execute(select(*columns).where(mine))).mappings().first()


def _wrap_up(row: RowMapping | None, on: RowMapping | None) -> dict[str, object] | None:
    if row is None or on is None or row["state"] != WRAP_UP:
        return None
    return {
        "call": on["id"],
        "until": None if row["until"] is None else row["until"].isoformat(),
        "ended_at": None if on["ended_at"] is None else on["ended_at"].isoformat(),
        "disposition": on["disposition"],
    }


async def _campaigns(conn: AsyncConnection, actor: Actor) -> list[dict[str, object]]:
    c = campaign.c
    mine = or_(actor.reaches(Right.DESK_WORK, c.project), actor.reaches(Right.SUPERVISE, c.project))
    open_ones = c.state.in_(("running", "paused"))
    columns = (c.id, c.project, c.name, c.temperature, c.mode, c.state)
    found = await conn.execute(select(*columns).where(mine, open_ones).order_by(c.priority.desc(), c.name))
    return [dict(row) for row in found.mappings()]


def _with_reason(shown: dict[str, object], engine: Engine | None) -> dict[str, object]:
    """A campaign with why the engine dials it as it does, or does not."""
    reason = None
    if engine is not None and shown["state"] == "running":
        reason = reason_body(engine.campaign_status(CampaignId(str(shown["id"]))).reason)
    return shown | {"reason": reason}


def _then(engine: Engine | None, actor: Actor) -> str:
    """Where the operator goes after what he does now."""
    view = None if engine is None else engine.operator(OperatorId(actor.user))
    return OFFLINE if view is None else view.then


def _talk(engine: Engine, operator: OperatorId) -> dict[str, object] | None:
    talk = engine.talk(operator)
    return None if talk is None else asdict(talk)


def _listening(engine: Engine, supervisor: OperatorId) -> dict[str, object] | None:
    listening = engine.listening(supervisor)
    return None if listening is None else asdict(listening)


def _trunk(trunk: TrunkState) -> dict[str, object]:
    return {"name": trunk.name, "up": trunk.up, "reason": reason_body(trunk.reason)}
