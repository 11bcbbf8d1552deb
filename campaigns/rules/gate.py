"""The one gate of every call to a number (port `dialer.ports.Rules`): looks up what `policy.judge` needs."""

import re
from datetime import datetime

from sqlalchemy import RowMapping, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from campaigns.campaigns.models import campaign
from campaigns.lists.leads import CALLBACK
from campaigns.lists.models import attempt, lead
from campaigns.projects.models import project
from campaigns.rules import hours, policy, retry
from contacts import sealing
from contacts.dnc import service as dnc
from dialer import shapes
from kit.db import Database
from kit.seal import Seal


class Gate:
    """`extensions`: the operators' phones, the only numbers that a leg may be placed to."""

    def __init__(self, db: Database, seal: Seal, extensions: str = "10[0-9]{2}") -> None:
        self._db, self._seal = db, seal
        self._extensions = re.compile(extensions)

    async def may_dial(self, request: shapes.DialRequest, now: datetime) -> shapes.Verdict:
        """Allowed, or why not, with the first moment to ask again."""
        if request.kind is shapes.AttemptKind.LEG:
            return policy.judge(policy.Question(request.kind, request.number, now, self._extensions))
        async with self._db.read() as conn:
            return policy.judge(await self._question(conn, request, now))

    async def _question(self, conn: AsyncConnection, request: shapes.DialRequest, now: datetime) -> policy.Question:
        digest = sealing.number_digest(self._seal, request.number)
        own = digest
        if request.redirected_from is not None:
            own = sealing.number_digest(self._seal, request.redirected_from)
        row = await _known(conn, request)
        return policy.Question(
            kind=request.kind,
            number=request.number,
            now=now,
            extensions=self._extensions,
            campaign=None if row is None else _campaign_of(row),
            lead=None if row is None or row["number_digest"] != own else _lead_of(row),
            listed=[] if row is None else [policy.Listed(until) for until in await dnc.ends(conn, row["id"], digest)],
            rests_until=await _rests_until(conn, digest, now),
        )


async def _known(conn: AsyncConnection, request: shapes.DialRequest) -> RowMapping | None:
    """Campaign, project and lead of the request in one row; the lead's columns are empty when it is not of them."""
    columns = (
        *(campaign.c.state, campaign.c.hours, campaign.c.retry),
        *(project.c.id, project.c.country),
        *(lead.c.number_digest, lead.c.zones, lead.c.tries, lead.c.waits_for),
    )
    mine = (lead.c.campaign == campaign.c.id) & (lead.c.id == request.lead)
    joined = campaign.join(project, project.c.id == campaign.c.project).outerjoin(lead, mine)
    found = select(*columns).select_from(joined).where(campaign.c.id == request.campaign)
    return (await conn.execute(found)).mappings().one_or_none()


async def _rests_until(conn: AsyncConnection, digest: bytes, now: datetime) -> datetime | None:
    """Until when the number must be left alone because a lost call may ring there."""
    resting = select(func.max(attempt.c.rests_until)).where(
        attempt.c.number_digest == digest, attempt.c.rests_until > now
    )
    return (await conn.execute(resting)).scalar_one()


def _campaign_of(row: RowMapping) -> policy.Campaign:
    return policy.Campaign(
        running=row["state"] == "running",
        week=hours.week_of(row["hours"]),
        max_tries=int(row["retry"][retry.MAX_TRIES]),
        countries=frozenset({row["country"]}),
    )


def _lead_of(row: RowMapping) -> policy.Lead:
    return policy.Lead(zones=tuple(row["zones"]), tries=row["tries"], promised=row["waits_for"] == CALLBACK)
