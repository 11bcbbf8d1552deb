"""A centre with two clients: two projects with one of everything, and a person of each role in the first."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from doors import Doors
from fastapi import FastAPI
from rights import Things
from sqlalchemy import insert

from campaigns.campaigns import service as campaigns
from campaigns.campaigns.schemas import CampaignIn
from campaigns.lists.models import call_list
from campaigns.lists.writing import no_counts
from campaigns.projects import service as projects
from campaigns.projects.schemas import ProjectIn
from contacts import sealing
from contacts.dnc import service as dnc
from desk.calls.models import call
from desk.recordings.models import recording
from desk.recordings.sealed import PIECE, Sealer
from desk.recordings.service import key_context
from identity.login import keys
from identity.roles.rights import Actor, Grant, Right, Role
from kit import ids
from kit.db import Database, Tx
from kit.journal import Journal

ROLES = (Role.OPERATOR, Role.SUPERVISOR, Role.MANAGER, Role.ADMINISTRATOR)
NUMBER = "+905321005001"


class Centre:
    """`cookies` by role: people of project `here`; "nobody" is signed in without a role. `key`: of `here`'s manager."""

    def __init__(self, app: FastAPI, folder: Path) -> None:
        self.app = app
        self.folder = folder
        self.doors = Doors(app)
        self.cookies: dict[str, str] = {}
        self.key = ""
        self.here: Things
        self.there: Things

    async def fill(self) -> None:
        """Make everything once; each test works on a copy."""
        now = self.app.state.clock.now()
        self.here = await self._client("Here", "1001", now, keep=True)
        self.there = await self._client("There", "1002", now, keep=False)
        for role, project in ((Role.SUPERVISOR, self.here.project), (Role.ADMINISTRATOR, None)):
            await self._enter(role.value, Grant(project, role))
        await self._enter("nobody")
        await self.app.state.db.close()  # so that its one file holds everything

    @asynccontextmanager
    async def fresh(self) -> AsyncIterator[None]:
        """The centre as it was filled, on a copy of its database."""
        state, original = self.app.state, self.app.state.db
        copy = self.folder / f"{ids.new()}.db"
        shutil.copy(original.url.database, copy)
        state.db = Database(f"sqlite+aiosqlite:///{copy}")
        await state.db.open()
        state.journal = Journal(state.db)
        try:
            yield
        finally:
            await state.db.close()
            state.db = original
            for file in self.folder.glob(copy.name + "*"):
                file.unlink()

    async def _client(self, name: str, extension: str, now: datetime, *, keep: bool) -> Things:
        db: Database = self.app.state.db
        project = await db.write(lambda tx: projects.create(tx, ProjectIn(name=name).model_dump(), now))
        suffix = "" if keep else "-there"
        operator = await self._enter(f"operator{suffix}", Grant(project, Role.OPERATOR), extension=extension)
        manager = await self._enter(f"manager{suffix}", Grant(project, Role.MANAGER))
        things = await db.write(lambda tx: self._things(tx, project, operator, now))
        key, secret = await db.write(lambda tx: self._key(tx, project, manager, now))
        self.key = secret if keep else self.key
        return Things(**things, project=project, operator=operator, key=key)

    async def _enter(self, name: str, *grants: Grant, extension: str | None = None) -> str:
        person = await self.doors.person(name, *grants, extension=extension)
        self.cookies[name] = (await self.doors.enter(person)).cookies["ahize_session"]
        return person

    async def _key(self, tx: Tx, project: str, manager: str, now: datetime) -> tuple[str, str]:
        owner = Actor(manager, "m", "M", "tr", None, (Grant(project, Role.MANAGER),))
        wish = keys.Wish("crm", frozenset({Right.CAMPAIGNS_READ}), project, 90)
        return await keys.create(tx, self.app.state.seal, owner, wish, now)

    async def _things(self, tx: Tx, project: str, operator: str, now: datetime) -> dict[str, str]:
        wish = CampaignIn.model_validate(
            {"project": project, "name": "First", "temperature": "warm", "caller_id": NUMBER}
        )
        campaign = await campaigns.create(tx, wish, now)
        wanted, happened = ids.new(), ids.new()
        await tx.conn.execute(insert(call_list).values(**_list(wanted, project, campaign, now)))
        talk = {"id": happened, "project": project, "campaign": campaign, "operator": operator}
        times = {"started_at": now, "connected_at": now}
        await tx.conn.execute(insert(call).values(**talk, **times, direction="out"))
        seal = self.app.state.seal
        kept = self._recording(happened, project, now)
        await tx.conn.execute(insert(recording).values(**kept))
        entry = await dnc.add(
            tx,
            project=project,
            number_sealed=seal.seal(NUMBER, sealing.NUMBER),
            number_digest=sealing.number_digest(seal, NUMBER),
            source="manual",
            at=now,
        )
        return {"campaign": campaign, "list": wanted, "call": happened, "recording": kept["id"], "entry": entry}

    def _recording(self, of: str, project: str, now: datetime) -> dict[str, Any]:
        """The row of a recording of one second, and its file."""
        made, key = ids.new(), bytes(32)
        sealer = Sealer(made, key, "PCMA")
        file: Path = self.app.state.recordings.path_of(made)
        file.write_bytes(sealer.head + sealer.seal(0, bytes(PIECE), last=True))
        state = {"state": "kept", "started_at": now, "seconds": 1.0}
        sealed = self.app.state.seal.seal(key, key_context(made))
        return {"id": made, "call": of, "project": project, "key_sealed": sealed, **state}


def _list(wanted: str, project: str, campaign: str, now: datetime) -> dict[str, Any]:
    return {
        "id": wanted,
        "project": project,
        "campaign": campaign,
        "name": "people",
        "file_name": "people.csv",
        "country": "TR",
        "size": 1,
        "digest": b"d" * 32,
        "state": "done",
        "counts": no_counts(0),
        "mapping": {"columns": {}, "plan": {"encoding": "utf-8", "delimiter": ",", "header": True, "columns": []}},
        "created_at": now,
    }
