"""A project with a campaign and leads in a database, for tests of what dials and what is dialed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update

from campaigns.campaigns.models import campaign
from campaigns.campaigns.presets import PRESETS
from campaigns.lists import attempts
from campaigns.lists.leads import StoredLeads
from campaigns.lists.models import attempt, call_list, lead
from campaigns.lists.parsing import Row
from campaigns.lists.verdicts import Verdict
from campaigns.lists.writing import Target, counted, judge, no_counts, write
from campaigns.projects import service as projects
from campaigns.rules import hours
from contacts import sealing
from dialer import facts, shapes
from dialer.outcomes import Outcome
from kit import ids
from kit.clock import ManualClock
from kit.db import Database
from kit.seal import Seal

ALL_DAY = {day: [["00:00", "24:00"]] for day in hours.DAYS}
RETRY = {"max_tries": 3, "busy": {"delay_s": 600, "tries": 2}, "lost": {"delay_s": 1, "tries": 3}}


def number_of(last: int) -> str:
    return f"+90532{last:07d}"


@dataclass
class Setting:
    """One campaign in a project, and its store of leads under a fence that `own` takes."""

    db: Database
    seal: Seal
    clock: ManualClock
    project: str = ""
    campaign: str = ""
    fence: int = 0
    made: int = 0

    def __post_init__(self) -> None:
        self.leads = StoredLeads(self.db, self.seal, self.clock)

    async def own(self) -> int:
        self.fence = await self.leads.take(f"campaign:{self.campaign}")
        return self.fence

    async def new_project(self, **values: Any) -> str:
        self.made += 1
        wanted = {"name": f"P{self.made}", "country": "TR", "zone": "Europe/Istanbul", "inbound_numbers": []}
        return await self.db.write(
            lambda tx: projects.create(tx, {**wanted, "greeting": None, **values}, self.clock.now())
        )

    async def new_campaign(self, project: str, temperature: str = "warm", **values: Any) -> str:
        new = ids.new()
        preset = {name: getattr(value, "value", value) for name, value in PRESETS[temperature].items()}
        row = {**preset, "hours": ALL_DAY, "retry": RETRY, "state": "running", "caller_id": "+902121000000", **values}
        named = {"id": new, "project": project, "name": "C", "temperature": temperature, "trunks": [], "script": ""}
        await self.db.write(
            lambda tx: tx.conn.execute(insert(campaign).values(**row, **named, version=1, created_at=self.clock.now()))
        )
        return new

    async def new_list(self, campaign_id: str, state: str = "done") -> str:
        new = ids.new()
        async with self.db.read() as conn:
            project = await conn.scalar(select(campaign.c.project).where(campaign.c.id == campaign_id))
        row = {
            **{"id": new, "project": project, "campaign": campaign_id, "name": "L", "file_name": "l.csv"},
            **{"country": "TR", "size": 1, "digest": bytes(32), "state": state, "counts": no_counts(0)},
            **{"mapping": {}, "created_at": self.clock.now()},
        }
        await self.db.write(lambda tx: tx.conn.execute(insert(call_list).values(**row)))
        return new

    async def add(self, *numbers: str, to: str | None = None, state: str = "done", zones: Sequence[str] = ()) -> str:
        """A list with these numbers in the campaign; gives the list's id."""
        wanted = to or self.campaign
        new = await self.new_list(wanted, state)
        async with self.db.read() as conn:
            project = await conn.scalar(select(campaign.c.project).where(campaign.c.id == wanted))
        target = Target(new, project, wanted, hours.week_of(ALL_DAY), self.clock.now())
        rows = [self.row(place, number, zones) for place, number in enumerate(numbers, 1)]
        async with self.db.read() as conn:
            judged = await judge(conn, target, rows)
        await self.db.write(lambda tx: write(tx, target, judged, counted(no_counts(len(rows)), judged)))
        return new

    def row(self, place: int, number: str, zones: Sequence[str] = (), name: str = "Deneme Kişi") -> Row:
        return Row(
            place,
            Verdict.ACCEPTED,
            None,
            {},
            self.seal.seal(number, sealing.NUMBER),
            sealing.number_digest(self.seal, number),
            "TR",
            "mobile",
            tuple(zones) or ("Europe/Istanbul",),
            self.seal.seal(name, sealing.NAME),
            sealing.name_digest(self.seal, name),
        )

    async def set_leads(self, number: str | None = None, **values: Any) -> None:
        changed = update(lead).where(lead.c.campaign == self.campaign).values(**values)
        if number is not None:
            changed = changed.where(lead.c.number_digest == sealing.number_digest(self.seal, number))
        await self.db.write(lambda tx: tx.conn.execute(changed))

    async def set_campaign(self, **values: Any) -> None:
        changed = update(campaign).where(campaign.c.id == self.campaign).values(**values)
        await self.db.write(lambda tx: tx.conn.execute(changed))

    async def lead(self, wanted: str) -> Any:
        async with self.db.read() as conn:
            return (await conn.execute(select(lead).where(lead.c.id == wanted))).one()

    async def attempt(self, wanted: str) -> Any:
        async with self.db.read() as conn:
            return (await conn.execute(select(attempt).where(attempt.c.id == wanted))).one()

    # ------------------------------------------------------------ dialing

    async def reserve(self, n: int = 1) -> list[shapes.Lead]:
        return list(await self.leads.reserve(self.campaign, n, self.fence, self.clock.now()))

    def start(self, taken: shapes.Lead, fence: int | None = None) -> shapes.AttemptStart:
        return shapes.AttemptStart(
            id=shapes.AttemptId(ids.new()),
            kind=shapes.AttemptKind.CALL,
            number=taken.number,
            trunk="pbx",
            dialog=dialog(taken.number),
            fence=self.fence if fence is None else fence,
            at=self.clock.now(),
            lead=taken.id,
            no=taken.tries + 1,
            campaign=taken.campaign,
            project=taken.project,
        )

    async def begun(self) -> tuple[shapes.Lead, shapes.AttemptStart]:
        """A lead reserved and its attempt committed."""
        (taken,) = await self.reserve()
        start = self.start(taken)
        assert await self.leads.begin(start)
        return taken, start

    async def end(self, start: shapes.AttemptStart, outcome: Outcome, fence: int | None = None) -> bool:
        fact = facts.AttemptEnded(
            start.id,
            start.fence if fence is None else fence,
            start.kind,
            outcome,
            0,
            5.0,
            0.0,
            self.clock.now(),
            start.lead,
            start.campaign,
            start.project,
        )
        return await self.db.write(lambda tx: attempts.apply_attempt_ended(tx, fact))

    async def run(self, outcome: Outcome, after_s: float = 1.0) -> shapes.Lead:
        """One whole attempt of the next lead."""
        taken, start = await self.begun()
        self.clock.advance(after_s)
        assert await self.end(start, outcome)
        return taken


def dialog(number: str, **learned: Any) -> shapes.DialogRef:
    seed = shapes.DialogSeed("call-1@host", "tag-1", 1, "127.0.0.1:5070")
    uri = f"sip:{number}@pbx"
    return shapes.DialogRef(seed, "pbx", uri, "sip:dialer@pbx", uri, **learned)


def later(clock: ManualClock, seconds: float) -> datetime:
    return clock.now() + timedelta(seconds=seconds)
