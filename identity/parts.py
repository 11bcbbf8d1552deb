"""What routes take from the running service (`app.state`, filled by `api.app`), with its types."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from identity.login.endings import Endings
from kit.clock import Clock
from kit.db import Database
from kit.seal import Seal

LINK_S = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class SignIn:
    """How long a sign-in holds (seconds) and where pages are reached. `secure`: cookies travel over TLS only."""

    url: str = "http://127.0.0.1:8080"
    secure: bool = False
    session_s: float = 12 * 3600
    idle_s: float = 2 * 3600
    link_s: float = LINK_S


def database_of(connection: HTTPConnection) -> Database:
    return connection.app.state.db


def seal_of(connection: HTTPConnection) -> Seal:
    return connection.app.state.seal


def clock_of(connection: HTTPConnection) -> Clock:
    return connection.app.state.clock


def sign_in_of(connection: HTTPConnection) -> SignIn:
    return connection.app.state.sign_in


def endings_of(connection: HTTPConnection) -> Endings:
    return connection.app.state.endings


Db = Annotated[Database, Depends(database_of)]
Seals = Annotated[Seal, Depends(seal_of)]
Now = Annotated[Clock, Depends(clock_of)]
Limits = Annotated[SignIn, Depends(sign_in_of)]
Ends = Annotated[Endings, Depends(endings_of)]
