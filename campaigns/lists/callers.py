"""Who calls and why (port `dialer.ports.Callers`)."""

from sqlalchemy import RowMapping, desc, select
from sqlalchemy.ext.asyncio import AsyncConnection

from campaigns.campaigns.models import campaign
from campaigns.lists.models import attempt, lead
from campaigns.projects import service as projects
from contacts import sealing
from contacts.persons import service as persons
from dialer import shapes
from kit import phones
from kit.db import Database
from kit.phones import PhoneError
from kit.seal import Seal


class StoredCallers:
    """A call belongs to the project of the number called; the caller is found there by the keyed hash of theirs."""

    def __init__(self, db: Database, seal: Seal) -> None:
        self._db, self._seal = db, seal

    async def identify(self, number: str | None, called: str) -> shapes.Caller:
        """Who calls from `number` (as shown, or None) to `called`. What nobody knows stays None."""
        async with self._db.read() as conn:
            project = await projects.of_called(conn, called)
            if project is None:
                return shapes.Caller(None)
            written = _written(number, project["country"])
            digest = None if written is None else sealing.number_digest(self._seal, written)
            person, last = (None, None) if digest is None else await _known(conn, project["id"], digest)
        record = project["record_incoming"] or (last is not None and last["record"])
        return shapes.Caller(
            project=shapes.ProjectId(project["id"]),
            person=None if person is None else shapes.PersonId(person),
            campaign=None if last is None else shapes.CampaignId(last["campaign"]),
            lead=None if last is None else shapes.LeadId(last["id"]),
            greeting=project["greeting"],
            record=record,
            notice=project["record_notice"] if record else None,
            number=written,
        )


def _written(number: str | None, country: str) -> str | None:
    """A number as it is written everywhere (E.164), however the trunk shows it; None: it is none."""
    try:
        return None if number is None else phones.parse(number, country).e164
    except PhoneError:
        return None


async def _known(conn: AsyncConnection, project: str, digest: bytes) -> tuple[str | None, RowMapping | None]:
    """The person of this number, and the lead that was dialed last, else the newest one."""
    known = (await persons.of_digests(conn, project, [digest])).get(digest)
    newest = (
        select(lead.c.id, lead.c.campaign, campaign.c.record)
        .select_from(lead.join(campaign, campaign.c.id == lead.c.campaign))
        .outerjoin(attempt, attempt.c.lead == lead.c.id)
        .where(lead.c.number_digest == digest, lead.c.project == project)
        .order_by(attempt.c.started_at.is_(None), desc(attempt.c.started_at), desc(lead.c.id))
        .limit(1)
    )
    return known.person if known else None, (await conn.execute(newest)).mappings().one_or_none()
