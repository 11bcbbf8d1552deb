"""What the routes of campaigns take from the running service (`app.state`), with its types."""

from typing import Annotated, Any, Protocol

from fastapi import Depends
from starlette.requests import HTTPConnection

from campaigns.lists.imports import Imports


class Engine(Protocol):
    """The engine as campaigns see it."""

    def refresh(self) -> None:
        """Campaigns changed: read them again."""
        ...

    def campaign_status(self, campaign: Any) -> Any:
        """What the engine does for a campaign and why; None when it does not run there."""
        ...


def engine_of(connection: HTTPConnection) -> Engine | None:
    return connection.app.state.engine


def imports_of(connection: HTTPConnection) -> Imports:
    return connection.app.state.imports


def trunks_of(connection: HTTPConnection) -> tuple[str, ...]:
    """Names of the configured trunks."""
    return connection.app.state.trunks


Dialing = Annotated[Engine | None, Depends(engine_of)]
Importing = Annotated[Imports, Depends(imports_of)]
Trunks = Annotated[tuple[str, ...], Depends(trunks_of)]
