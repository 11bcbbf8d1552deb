"""What the engine reports becomes rows and events, in one transaction (`dialer.ports.Journal`).

The facts of attempts are the lists' own; calls and operators are written here. A call that has ended takes no more
facts: what comes late changes nothing and is told to nobody. Who listened to it is written whenever it comes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import singledispatchmethod

from sqlalchemy import func, select, update

from campaigns.lists import attempts
from campaigns.projects.models import project
from contacts import sealing
from desk.calls import events, service
from desk.calls.models import call
from desk.status.service import put_state
from desk.store import insert_into
from dialer import facts
from identity.audit import service as audit
from kit.db import Database, Tx
from kit.seal import Seal


class FenceOvertaken(Exception):
    """Another engine owns the campaign now; nothing of this transaction is kept."""


class EngineJournal:
    """Commits the engine's facts, in order, ahead of other writes."""

    def __init__(self, db: Database, seal: Seal) -> None:
        self._db = db
        self._seal = seal

    async def record(self, *happened: facts.Fact) -> bool:
        """Commit what happened, with the events. False: a fence was overtaken, nothing was written."""

        async def work(tx: Tx) -> None:
            await _Writing(tx, self._seal).write(happened)

        try:
            await self._db.write(work, urgent=True)
        except FenceOvertaken:
            return False
        return True


@dataclass(slots=True)
class _Writing:
    """One transaction's worth of facts. `projects`: of the calls met so far, so that none is read twice."""

    tx: Tx
    seal: Seal
    projects: dict[str, str] = field(default_factory=dict[str, str])

    async def write(self, happened: Sequence[facts.Fact]) -> None:
        for fact in happened:
            await self._one(fact)

    @singledispatchmethod
    async def _one(self, fact: facts.Fact) -> None:
        raise TypeError(f"the journal does not know the fact {type(fact).__name__}")

    @_one.register
    async def _(self, fact: facts.AttemptRinging) -> None:
        if not await attempts.apply_attempt_ringing(self.tx, self.seal, fact):
            await self._known(fact)

    @_one.register
    async def _(self, fact: facts.AttemptAnswered) -> None:
        if not await attempts.apply_attempt_answered(self.tx, self.seal, fact):
            await self._known(fact)

    @_one.register
    async def _(self, fact: facts.AttemptEnded) -> None:
        if not await attempts.apply_attempt_ended(self.tx, fact):
            await self._known(fact)
        elif fact.project is not None:
            self.tx.emit(events.attempt_ended(fact))

    @_one.register
    async def _(self, fact: facts.CallStarted) -> None:
        statement = insert_into(self.tx, call).values(**self._row_of(fact)).on_conflict_do_nothing()
        self.projects[fact.call] = fact.project
        if (await self.tx.conn.execute(statement)).rowcount == 1:  # else an earlier try was committed after all
            self.tx.emit(events.call_started(fact))

    @_one.register
    async def _(self, fact: facts.CallQueued) -> None:
        if await self._change(fact.call, queued_at=fact.at):
            self.tx.emit(events.call_queued(fact))

    @_one.register
    async def _(self, fact: facts.CallConnected) -> None:
        first = func.coalesce(call.c.connect_ms, fact.connect_ms)
        changes = {"operator": fact.operator, "connected_at": fact.at, "connect_ms": first}
        if await self._change(fact.call, **changes):
            self.tx.emit(events.call_connected(fact))

    @_one.register
    async def _(self, fact: facts.CallEnded) -> None:
        ended = {"ended_at": fact.at, "ended_by": fact.by.value, "end_reason": events.reason_body(fact.reason)}
        ended["hold_s"] = fact.hold_s
        if await self._change(fact.call, **ended, **_sound(fact.sound)):
            self.tx.emit(events.call_ended(fact))

    @_one.register
    async def _(self, fact: facts.CallHeld) -> None:
        if await self._is_on(fact.call):
            self.tx.emit(events.call_held(fact))

    @_one.register
    async def _(self, fact: facts.CallResumed) -> None:
        if await self._change(fact.call, hold_s=fact.hold_s):
            self.tx.emit(events.call_held(fact))

    @_one.register
    async def _(self, fact: facts.CallTransferred) -> None:
        if await self._is_on(fact.call):
            self.tx.emit(events.call_transferred(fact))

    @_one.register
    async def _(self, fact: facts.TransferFailed) -> None:
        if await self._is_on(fact.call):
            self.tx.emit(events.transfer_failed(fact))

    @_one.register
    async def _(self, fact: facts.CallMonitored) -> None:
        detail = {"operator": fact.operator, "mode": fact.mode.value}
        await audit.record(self.tx, fact.supervisor, "call.monitored", fact.call, fact.project, detail, fact.at)
        self.tx.emit(events.call_monitored(fact, shown=await self._shows_monitoring(fact.project)))

    @_one.register
    async def _(self, fact: facts.MonitoringEnded) -> None:
        began = None if fact.began_at is None else fact.began_at.isoformat()
        detail = {"operator": fact.operator, "from": began, "reason": fact.reason.code}
        await audit.record(self.tx, fact.supervisor, "call.monitoring_ended", fact.call, fact.project, detail, fact.at)
        self.tx.emit(events.monitoring_ended(fact, shown=await self._shows_monitoring(fact.project)))

    @_one.register
    async def _(self, fact: facts.OperatorChanged) -> None:
        reason = events.reason_body(fact.reason)
        await put_state(self.tx, fact.operator, fact.state, fact.at, reason=reason, call=fact.call, until=fact.until)
        self.tx.emit(events.operator_changed(fact, await self._project_of(fact.call)))

    @_one.register
    async def _(self, fact: facts.CampaignPaced) -> None:
        self.tx.emit(events.campaign_paced(fact))

    @_one.register
    async def _(self, fact: facts.TrunkChanged) -> None:
        self.tx.emit(events.trunk_changed(fact))

    def _row_of(self, fact: facts.CallStarted) -> dict[str, object]:
        number = fact.number
        return {
            "id": fact.call,
            "project": fact.project,
            "direction": fact.direction.value,
            "campaign": fact.campaign,
            "lead": fact.lead,
            "person": fact.person,
            "attempt": fact.attempt,
            "number_sealed": None if number is None else self.seal.seal(number, sealing.NUMBER),
            "number_digest": None if number is None else sealing.number_digest(self.seal, number),
            "called": fact.called,
            "started_at": fact.at,
            "withheld": fact.withheld,
            "diverted_sealed": service.sealed_diversion(self.seal, fact.diverted_by),
        }

    async def _shows_monitoring(self, wanted: str) -> bool:
        found = select(project.c.monitoring_shown).where(project.c.id == wanted)
        return bool(await self.tx.conn.scalar(found))

    async def _known(self, fact: facts.AttemptRinging | facts.AttemptAnswered | facts.AttemptEnded) -> None:
        """A fact that was not applied: an earlier try was committed after all, or we are not the owner."""
        if not await attempts.has_ended(self.tx, fact.attempt, fact.fence):
            raise FenceOvertaken

    async def _change(self, call_id: str, **values: object) -> bool:
        live = (call.c.id == call_id) & call.c.ended_at.is_(None)
        return (await self.tx.conn.execute(update(call).where(live).values(**values))).rowcount == 1

    async def _is_on(self, call_id: str) -> bool:
        live = select(call.c.id).where(call.c.id == call_id, call.c.ended_at.is_(None))
        return await self.tx.conn.scalar(live) is not None

    async def _project_of(self, call_id: str | None) -> str | None:
        if call_id is None:
            return None
        if call_id not in self.projects:
            found = await self.tx.conn.scalar(select(call.c.project).where(call.c.id == call_id))
            if found is not None:
                self.projects[call_id] = found
        return self.projects.get(call_id)


def _sound(sound: facts.LegSound | None) -> dict[str, object]:
    if sound is None:
        return {}
    heard = {"loss": sound.loss, "jitter_ms": sound.jitter_ms, "round_trip_ms": sound.round_trip_ms, "mos": sound.mos}
    rounded = {name: None if value is None else round(value, 4) for name, value in heard.items()}
    return {"quality": rounded, "first_voice_ms": sound.first_voice_ms}
