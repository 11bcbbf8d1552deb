"""A small call centre in a database, for tests of the desk and of the event stream: people, campaigns, live calls."""

import json
import secrets
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from fastapi import FastAPI
from sqlalchemy import insert, select

from api.app import Parts, create_app
from api.stream import RECENT, Stream
from campaigns.campaigns.models import campaign
from campaigns.dispositions import service as dispositions
from campaigns.lists.leads import StoredLeads
from campaigns.lists.models import call_list, lead
from campaigns.projects.models import project
from contacts import sealing
from contacts.numbers.models import number
from contacts.persons.models import person
from desk.calls.journal import EngineJournal
from desk.calls.models import call
from dialer.facts import AttemptEnded, CallConnected, CallEnded, CallStarted, Direction, EndedBy, OperatorChanged
from dialer.line_events import TrunkState
from dialer.outcomes import Outcome
from dialer.shapes import (
    AttemptId,
    AttemptKind,
    AttemptStart,
    CallId,
    CampaignId,
    DialogRef,
    DialogSeed,
    LeadId,
    OperatorId,
    PersonId,
    ProjectId,
    Reason,
)
from dialer.status import ListeningView, OperatorView, TalkView, not_running
from identity.login.models import session
from identity.roles.models import membership
from identity.roles.rights import Role
from identity.users.models import user
from kit import ids
from kit.clock import SystemClock
from kit.db import Database
from kit.journal import Journal
from kit.seal import MasterKey, Seal
from kit.tasks import Tasks

SCRIPT = "Merhaba {name}, ben {operator}. Borcunuz {borç} lira."


@dataclass(frozen=True)
class Worker:
    """Somebody with a sign-in."""

    id: str
    name: str
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"cookie": f"ahize_session={self.token}", "x-ahize": "1", "origin": "http://127.0.0.1:8080"}


@dataclass(frozen=True)
class Customer:
    project: str
    campaign: str | None
    person: str | None
    lead: str | None
    number: str | None


@dataclass
class Engine:
    """Writes down the commands of the doors."""

    commands: list[tuple[object, ...]] = field(default_factory=list)
    talks: dict[str, TalkView] = field(default_factory=dict)
    listens: dict[str, ListeningView] = field(default_factory=dict)

    async def sign_in(self, operator, extension):
        self.commands.append(("sign_in", operator, extension))

    async def set_ready(self, operator):
        self.commands.append(("set_ready", operator))
        return OperatorView(operator, "connecting", None, None, "1001", None, "ready", False)

    async def set_not_ready(self, operator, reason):
        self.commands.append(("set_not_ready", operator, reason))
        return OperatorView(operator, "not_ready", reason, None, "1001", None, "not_ready", False)

    async def sign_off(self, operator):
        self.commands.append(("sign_off", operator))

    async def hang_up(self, call_id, operator):
        self.commands.append(("hang_up", call_id, operator))

    async def pause_recording(self, call_id, operator, *, paused):
        self.commands.append(("pause_recording", call_id, operator, paused))

    async def hold(self, call_id, operator, *, held):
        self.commands.append(("hold", call_id, operator, held))

    async def mute(self, call_id, operator, *, muted):
        self.commands.append(("mute", call_id, operator, muted))

    async def press(self, call_id, operator, keys):
        self.commands.append(("press", call_id, operator, keys))

    async def transfer(self, call_id, operator, to, *, warm):
        self.commands.append(("transfer", call_id, operator, to, warm))

    async def transfer_to_phone(self, call_id, operator, extension, *, warm):
        self.commands.append(("transfer_to_phone", call_id, operator, extension, warm))

    async def end_transfer(self, call_id, operator, *, complete):
        self.commands.append(("end_transfer", call_id, operator, complete))

    async def monitor(self, call_id, supervisor, extension, mode):
        self.commands.append(("monitor", call_id, supervisor, extension, mode))

    async def stop_monitoring(self, call_id, supervisor):
        self.commands.append(("stop_monitoring", call_id, supervisor))

    async def disposed(self, call_id, operator):
        self.commands.append(("disposed", call_id, operator))

    def operator(self, operator):
        return None

    def talk(self, operator):
        return self.talks.get(operator)

    def listening(self, supervisor):
        return self.listens.get(supervisor)

    def campaign_status(self, campaign_id):
        return not_running(campaign_id)

    def trunks(self):
        return [TrunkState("pbx", True, Reason("registered"), 30, 0)]


class Centre:
    """`record` is what the engine would call; everything else fills tables."""

    def __init__(self, db: Database, remembers: int = RECENT) -> None:
        self.db = db
        self.seal = Seal(MasterKey(bytes(range(32))))
        self.journal = Journal(db)
        self.stream = Stream(self.journal, remembers)
        self.engine = Engine()
        self.record = EngineJournal(db, self.seal).record

    @asynccontextmanager
    async def open(self):
        await self.journal.open()
        async with Tasks() as tasks:
            tasks.spawn(self.stream.run(), "stream")
            await self.stream.started.wait()
            yield self
        await self.journal.close()

    def app(self) -> FastAPI:
        parts = Parts(db=self.db, journal=self.journal, seal=self.seal, engine=self.engine, clock=SystemClock())
        app = create_app(parts)
        app.state.stream = self.stream
        return app

    # ------------------------------------------------------------ people

    async def project(self, name: str = "Enerji") -> str:
        made = ids.new()

        async def work(tx):
            await tx.conn.execute(
                insert(project).values(
                    id=made,
                    name=f"{name} {made[-6:]}",
                    country="TR",
                    zone="Europe/Istanbul",
                    inbound_numbers=[],
                    created_at=now(),
                )
            )
            await dispositions.create_usual(tx, made)

        await self.db.write(work)
        return made

    async def worker(
        self,
        *projects: str | None,
        role: Role = Role.OPERATOR,
        extension: str | None = None,
        name: str = "Ayşe Demir",
        second_factor: bool = True,
    ) -> Worker:
        made, token = ids.new(), secrets.token_urlsafe(32)
        at = now()

        async def work(tx):
            row = {"id": made, "login": made, "name": name, "extension": extension, "locale": "tr", "created_at": at}
            await tx.conn.execute(insert(user).values(**row, totp_since=at if second_factor else None))
            roles = [{"id": ids.new(), "user": made, "project": each, "role": role.value} for each in projects]
            await tx.conn.execute(insert(membership), roles)
            await tx.conn.execute(
                insert(session).values(
                    digest=self.seal.digest("session", token),
                    user=made,
                    by_link=False,
                    created_at=at,
                    seen_at=at,
                    expires_at=at + timedelta(hours=12),
                )
            )

        await self.db.write(work)
        return Worker(made, name, token)

    async def campaign(self, project_id: str, temperature: str = "cold", script: str = SCRIPT) -> str:
        made = ids.new()
        values = {
            "id": made,
            "project": project_id,
            "name": f"Kampanya {temperature}",
            "temperature": temperature,
            "mode": "progressive",
            "state": "running",
            "purpose": "advert",
            "caller_id": "+902121000000",
            "trunks": [],
            "hours": {day: [["00:00", "24:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")},
            "retry": {"max_tries": 5, "no_answer": {"delay_s": 3600, "tries": 3}},
            "script": script,
            "ring_s": 25.0,
            "wrap_up_s": 30.0,
            "connect_s": 2.0,
            "max_lines": 30,
            "abandonment_limit": 0.03,
            "priority": 0,
            "version": 1,
            "created_at": now(),
        }
        await self.db.write(lambda tx: tx.conn.execute(insert(campaign).values(values)))
        return made

    async def customer(
        self, campaign_id: str, name: str = "Fatma Kaya", e164: str = "+905321005001", **fields: str
    ) -> Customer:
        async with self.db.read() as conn:
            project_id = await conn.scalar(select(campaign.c.project).where(campaign.c.id == campaign_id))
        made = Customer(project_id, campaign_id, ids.new(), ids.new(), e164)
        await self.db.write(lambda tx: self._customer(tx, made, name, fields))
        return made

    async def _customer(self, tx, made: Customer, name: str, fields: dict[str, str]) -> None:
        sealed = self.seal.seal(made.number, sealing.NUMBER)
        digest = sealing.number_digest(self.seal, made.number)
        source = ids.new()
        await tx.conn.execute(
            insert(call_list).values(
                id=source,
                project=made.project,
                campaign=made.campaign,
                name="liste",
                file_name="liste.csv",
                country="TR",
                size=1,
                digest=bytes(32),
                state="done",
                counts={},
                mapping={},
                created_at=now(),
            )
        )
        await tx.conn.execute(
            insert(person).values(
                id=made.person,
                project=made.project,
                name_sealed=self.seal.seal(name, sealing.NAME),
                name_digest=sealing.name_digest(self.seal, name),
                country="TR",
                zones=["Europe/Istanbul"],
                created_at=now(),
            )
        )
        await tx.conn.execute(
            insert(number).values(
                id=ids.new(),
                project=made.project,
                person=made.person,
                number_sealed=sealed,
                number_digest=digest,
                country="TR",
                kind="mobile",
                position=0,
            )
        )
        await tx.conn.execute(
            insert(lead).values(
                id=made.lead,
                project=made.project,
                campaign=made.campaign,
                list=source,
                person=made.person,
                row=1,
                number_sealed=sealed,
                number_digest=digest,
                zones=["Europe/Istanbul"],
                state="open",
                next_at=now(),
                fields_sealed=self.seal.seal(json.dumps(fields), sealing.FIELDS),
            )
        )

    # ------------------------------------------------------------ attempts

    async def ring(self, customer: Customer) -> AttemptStart:
        """An attempt at the customer's lead, begun under the campaign's fence as the engine does it."""
        leads, resource = StoredLeads(self.db, self.seal), f"campaign:{customer.campaign}"
        fence = await leads.take(resource)
        (found,) = await leads.reserve(CampaignId(customer.campaign), 1, fence, now())
        seed = DialogSeed(ids.new(), "tag", 1, "127.0.0.1:5070")
        uri = f"sip:{customer.number}@pbx"
        made = AttemptStart(
            AttemptId(ids.new()),
            AttemptKind.CALL,
            customer.number,
            "pbx",
            DialogRef(seed, "pbx", uri, "sip:dialer@pbx", uri),
            fence,
            now(),
            found.id,
            found.tries + 1,
            found.campaign,
            found.project,
        )
        assert await leads.begin(made)
        return made

    def missed(self, ringing: AttemptStart) -> AttemptEnded:
        """The fact that nobody took this attempt."""
        return AttemptEnded(
            ringing.id,
            ringing.fence,
            ringing.kind,
            Outcome.NO_ANSWER,
            487,
            25.0,
            0.0,
            now(),
            ringing.lead,
            ringing.campaign,
            ringing.project,
        )

    # ------------------------------------------------------------ calls

    async def start(
        self, customer: Customer, direction: Direction = Direction.OUT, attempt: AttemptId | None = None
    ) -> str:
        made = ids.new()
        await self.record(
            CallStarted(
                CallId(made),
                direction,
                ProjectId(customer.project),
                customer.number,
                now(),
                None if customer.campaign is None else CampaignId(customer.campaign),
                None if customer.lead is None else LeadId(customer.lead),
                None if customer.person is None else PersonId(customer.person),
                attempt,
            )
        )
        return made

    async def connect(self, call_id: str, worker: Worker) -> None:
        when = now()
        project_id = await self._project(call_id)
        await self.record(
            CallConnected(CallId(call_id), ProjectId(project_id), OperatorId(worker.id), 12.5, when),
            OperatorChanged(OperatorId(worker.id), "talking", None, when, CallId(call_id)),
        )

    async def talk(self, customer: Customer, worker: Worker, direction: Direction = Direction.OUT) -> str:
        """A call of `customer` that `worker` has now."""
        call_id = await self.start(customer, direction)
        await self.connect(call_id, worker)
        return call_id

    async def end(self, call_id: str, worker: Worker | None = None, wrap_up_s: float = 30.0) -> None:
        when = now()
        project_id = ProjectId(await self._project(call_id))
        operator = None if worker is None else OperatorId(worker.id)
        facts = [CallEnded(CallId(call_id), project_id, EndedBy.CUSTOMER, Reason("bye"), 5.0, when, operator)]
        if operator is not None:
            until = when + timedelta(seconds=wrap_up_s)
            facts.append(OperatorChanged(operator, "wrap_up", None, when, CallId(call_id), until))
        await self.record(*facts)

    async def _project(self, call_id: str) -> str:
        async with self.db.read() as conn:
            return await conn.scalar(select(call.c.project).where(call.c.id == call_id))


def now() -> datetime:
    return datetime.now(UTC)
