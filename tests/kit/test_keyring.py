from datetime import UTC, datetime

import pytest

from kit import keyring
from kit.db import Database
from kit.seal import MasterKey, MasterKeyError

NOW = datetime(2026, 6, 1, tzinfo=UTC)
KEY, OTHER = MasterKey(bytes(range(32))), MasterKey(bytes(32))


async def test_the_key_that_sealed_a_base_is_known_again(database: Database):
    await database.write(lambda tx: keyring.belongs(tx, KEY, NOW))

    await database.write(lambda tx: keyring.belongs(tx, KEY, NOW))


async def test_another_key_is_refused_with_what_to_do(database: Database):
    await database.write(lambda tx: keyring.belongs(tx, KEY, NOW))

    with pytest.raises(MasterKeyError, match="put its key file back"):
        await database.write(lambda tx: keyring.belongs(tx, OTHER, NOW))
