"""Bring a database to a version of the tables, up or down, and tell at which it stands.

Versions are numbered: a file name begins with its number (0001_first.py). Alembic is imported only when something is to
change, since that takes a tenth of a cold start.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

if TYPE_CHECKING:
    from alembic.config import Config

FOLDER = Path(__file__).parent
_STANDS_AT = text("SELECT version_num FROM alembic_version")


def versions() -> list[str]:
    """All versions that this program knows, oldest first."""
    return sorted(file.name.partition("_")[0] for file in (FOLDER / "versions").glob("[0-9]*_*.py"))


def newest() -> str:
    """The version that this program works with."""
    return versions()[-1]


def current(connection: Connection) -> str | None:
    """The version that the database stands at; None: no tables yet."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(_STANDS_AT).scalar()


def upgrade(connection: Connection, target: str = "head") -> None:
    from alembic import command

    command.upgrade(_configuration(connection), target)


def downgrade(connection: Connection, target: str = "base") -> None:
    from alembic import command

    command.downgrade(_configuration(connection), target)


def _configuration(connection: Connection) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
