"""What past attempts of a campaign say: its abandonment window and its answer rate (ports BudgetLedger, History)."""

from datetime import datetime, timedelta

from sqlalchemy import func, select

from campaigns.lists.models import attempt
from dialer import shapes
from dialer.outcomes import FLAGS, Outcome
from kit.db import Database

WINDOW = timedelta(days=30)  # successive days over which abandoned calls are a share of live answers
RECENT = timedelta(hours=4)
MOST = 500  # attempts that the estimates look at

HUMAN = tuple(outcome.value for outcome in Outcome if FLAGS[outcome].human)
ABANDONED = tuple(outcome.value for outcome in Outcome if FLAGS[outcome].abandoned)
MACHINES = tuple(outcome.value for outcome in Outcome if FLAGS[outcome].machine)
OF_THE_LINE = tuple(outcome.value for outcome in Outcome if FLAGS[outcome].trunk)


class StoredLedger:
    """Live answers and abandoned calls of a campaign in its window."""

    def __init__(self, db: Database, window: timedelta = WINDOW) -> None:
        self._db, self._window = db, window

    async def counts(self, campaign: shapes.CampaignId, now: datetime) -> shapes.BudgetCounts:
        found = (
            select(attempt.c.outcome, func.count())
            .where(
                attempt.c.campaign == campaign,
                attempt.c.started_at >= now - self._window,
                attempt.c.outcome.in_(HUMAN + MACHINES),
            )
            .group_by(attempt.c.outcome)
        )
        async with self._db.read() as conn:
            by_outcome = {row[0]: row[1] for row in await conn.execute(found)}
        abandoned = sum(by_outcome.get(outcome, 0) for outcome in ABANDONED)
        machines = sum(by_outcome.get(outcome, 0) for outcome in MACHINES)
        return shapes.BudgetCounts(sum(by_outcome.values()) - machines, abandoned, machines)


class StoredHistory:
    """The recent attempts of a campaign as estimates. Wrap-up is not known here: calls belong to the desk."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def estimates(self, campaign: shapes.CampaignId, now: datetime) -> shapes.Estimates:
        columns = (attempt.c.outcome, attempt.c.started_at, attempt.c.answered_at, attempt.c.ended_at)
        ended = (
            select(*columns)
            .where(
                attempt.c.campaign == campaign,
                attempt.c.started_at >= now - RECENT,
                attempt.c.outcome.is_not(None),
                attempt.c.outcome.not_in(OF_THE_LINE),
            )
            .order_by(attempt.c.started_at.desc())
            .limit(MOST)
        )
        async with self._db.read() as conn:
            rows = (await conn.execute(ended)).all()
        answered = [row for row in rows if row.answered_at is not None]
        talks = [_seconds(row.answered_at, row.ended_at) for row in answered if row.outcome == Outcome.CONNECTED]
        rings = [_seconds(row.started_at, row.answered_at) for row in answered]
        live = sum(row.outcome in HUMAN for row in rows)
        return shapes.Estimates(len(rows), live, _mean(talks), None, _mean(rings))


def _seconds(start: datetime, end: datetime) -> float:
    return max(0.0, (end - start).total_seconds())


def _mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None
