"""Bring a database to a version of the tables, up or down, and tell at which it stands."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

FOLDER = Path(__file__).parent


def configuration(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def newest() -> str | None:
    """The version that this program works with."""
    return ScriptDirectory.from_config(configuration()).get_current_head()


def current(connection: Connection) -> str | None:
    """The version that the database stands at; None: no tables yet."""
    return MigrationContext.configure(connection).get_current_revision()


def upgrade(connection: Connection, target: str = "head") -> None:
    command.upgrade(configuration(connection), target)


def downgrade(connection: Connection, target: str = "base") -> None:
    command.downgrade(configuration(connection), target)


def knows(version: str) -> bool:
    """Whether this program has that version among its own."""
    return any(script.revision == version for script in ScriptDirectory.from_config(configuration()).walk_revisions())
