"""One person for each project and number, on both stores."""

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from contacts import sealing
from contacts.persons import service
from contacts.persons.models import person
from contacts.persons.service import Contact
from kit import ids
from kit.clock import ManualClock
from kit.db import Database
from kit.seal import Seal

HERE, THERE = ids.new(), ids.new()


def contact(seal: Seal, number: str, name: str) -> Contact:
    return Contact(
        seal.seal(number, sealing.NUMBER),
        sealing.number_digest(seal, number),
        "TR",
        "mobile",
        ("Europe/Istanbul",),
        seal.seal(name, sealing.NAME),
        sealing.name_digest(seal, name),
    )


async def add(db: Database, project: str, one: Contact, clock: ManualClock) -> str:
    new = ids.new()
    await db.write(lambda tx: service.add(tx, project, [(new, one)], clock.now()))
    return new


async def test_a_person_is_found_by_number_in_the_own_project(database: Database, seal: Seal, clock: ManualClock):
    ali = contact(seal, "+905321005001", "Ali Kaya")
    here, there = await add(database, HERE, ali, clock), await add(database, THERE, ali, clock)

    async with database.read() as conn:
        found = await service.of_digests(conn, HERE, [ali.number_digest, bytes(32)])

    assert here != there
    assert found == {ali.number_digest: service.Known(here, ali.name_digest)}


async def test_a_number_has_one_person_in_a_project(database: Database, seal: Seal, clock: ManualClock):
    ali = contact(seal, "+905321005001", "Ali Kaya")
    await add(database, HERE, ali, clock)

    with pytest.raises(IntegrityError):
        await add(database, HERE, ali, clock)


async def test_the_newest_name_is_kept(database: Database, seal: Seal, clock: ManualClock):
    who = await add(database, HERE, contact(seal, "+905321005001", "Ali Kaya"), clock)
    newer = contact(seal, "+905321005001", "Ali Yeni")

    await database.write(lambda tx: service.rename(tx, [(who, newer)]))

    async with database.read() as conn:
        row = (await conn.execute(select(person))).one()
    assert seal.open(row.name_sealed, sealing.NAME) == "Ali Yeni"


def test_a_name_is_found_without_regard_to_case_and_spacing(seal: Seal):
    assert sealing.name_digest(seal, " Ali  KAYA ") == sealing.name_digest(seal, "ali kaya")
    assert sealing.name_digest(seal, "Ali Kaya") != sealing.number_digest(seal, "ali kaya")
