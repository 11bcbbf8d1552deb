"""What happens to persons: one for each project and number, found again so that history joins."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from contacts.numbers.models import number
from contacts.persons.models import person
from kit import ids
from kit.db import Tx


@dataclass(frozen=True, slots=True)
class Contact:
    """A person with a number, sealed. `name_sealed` and `name_digest` are None where no name is known."""

    number_sealed: bytes
    number_digest: bytes
    country: str
    kind: str
    zones: tuple[str, ...]
    name_sealed: bytes | None = None
    name_digest: bytes | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """A person that is there already."""

    person: str
    name_digest: bytes | None


async def of_digests(conn: AsyncConnection, project: str, digests: Collection[bytes]) -> dict[bytes, Known]:
    """The project's persons by the keyed hashes of their numbers."""
    found = (
        select(number.c.number_digest, number.c.person, person.c.name_digest)
        .select_from(number.join(person, person.c.id == number.c.person))
        .where(number.c.project == project, number.c.number_digest.in_(digests))
    )
    return {row.number_digest: Known(row.person, row.name_digest) for row in await conn.execute(found)}


async def add(tx: Tx, project: str, contacts: Sequence[tuple[str, Contact]], at: datetime) -> None:
    """New persons under the given ids. Raises IntegrityError for a number that the project knows meanwhile."""
    if contacts:
        await tx.conn.execute(insert(person), [_person(project, new, contact, at) for new, contact in contacts])
        await tx.conn.execute(insert(number), [_number(project, new, contact) for new, contact in contacts])


async def rename(tx: Tx, named: Sequence[tuple[str, Contact]]) -> None:
    """Give known persons the names that came with their numbers: the newest name is kept."""
    if named:
        rows = [{"_id": who, "_sealed": c.name_sealed, "_digest": c.name_digest} for who, c in named]
        changed = update(person).where(person.c.id == bindparam("_id"))
        await tx.conn.execute(changed.values(name_sealed=bindparam("_sealed"), name_digest=bindparam("_digest")), rows)


def _person(project: str, new: str, contact: Contact, at: datetime) -> dict[str, Any]:
    return {
        "id": new,
        "project": project,
        "name_sealed": contact.name_sealed,
        "name_digest": contact.name_digest,
        "country": contact.country,
        "zones": list(contact.zones),
        "created_at": at,
    }


def _number(project: str, who: str, contact: Contact) -> dict[str, Any]:
    return {
        "id": ids.new(),
        "project": project,
        "person": who,
        "number_sealed": contact.number_sealed,
        "number_digest": contact.number_digest,
        "country": contact.country,
        "kind": contact.kind,
        "position": 0,
    }
