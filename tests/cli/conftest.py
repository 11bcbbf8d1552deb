"""The PBX, and a log that is afterwards as it was."""

import logging
from collections.abc import Iterator

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
