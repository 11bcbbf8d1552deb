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


async def of_digests(conn: AsyncConnection, project: str, digests: Collection[bytes]) -> dict[bytes, str]:
    """The project's persons by the keyed hashes of their numbers."""
    found = select(number.c.number_digest, number.c.person).where(
        number.c.project == project, number.c.number_digest.in_(digests)
    )
    return {row.number_digest: row.person for row in await conn.execute(found)}


async def found_or_made(tx: Tx, project: str, contacts: Sequence[Contact], at: datetime) -> dict[bytes, str]:
    """A person for each contact, by the hash of the number; the newest name of a known one is kept."""
    known = await of_digests(tx.conn, project, [contact.number_digest for contact in contacts])
    await _rename(tx, [(known[c.number_digest], c) for c in contacts if c.number_digest in known and c.name_digest])
    fresh = {contact.number_digest: contact for contact in contacts if contact.number_digest not in known}
    made = {digest: ids.new() for digest in fresh}
    if fresh:
        people = [_person(project, made[digest], contact, at) for digest, contact in fresh.items()]
        numbers = [_number(project, made[digest], contact) for digest, contact in fresh.items()]
        await tx.conn.execute(insert(person), people)
        await tx.conn.execute(insert(number), numbers)
    return known | made


async def _rename(tx: Tx, named: Sequence[tuple[str, Contact]]) -> None:
    if not named:
        return
    changed = (
        update(person)
        .where(person.c.id == bindparam("_id"), person.c.name_digest.is_distinct_from(bindparam("_digest")))
        .values(name_sealed=bindparam("_sealed"), name_digest=bindparam("_digest"))
    )
    rows = [{"_id": who, "_sealed": c.name_sealed, "_digest": c.name_digest} for who, c in named]
    await tx.conn.execute(changed, rows)


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
