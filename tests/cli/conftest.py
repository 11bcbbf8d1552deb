"""The PBX, and a log that is afterwards as it was."""

import logging
import uuid
from collections.abc import Iterator

import postgres
import pytest
import structlog
from asterisk import pbx  # noqa: F401


@pytest.fixture(autouse=True)
def plain_log() -> Iterator[None]:
    """Commands configure the log of the whole process."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def empty_base(postgres_server: str) -> Iterator[str]:
    """A base without a table on PostgreSQL."""
    with postgres.own_database(postgres_server, f"ahize_test_{uuid.uuid4().hex}") as url:
        yield url
