"""What the desk's routes take from the running service (`app.state`), with its types."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Protocol

from fastapi import Depends
from starlette.requests import HTTPConnection

from dialer.line_events import TrunkState
from dialer.shapes import CallId, CampaignId, MonitorMode, OperatorId, Reason
from dialer.status import CampaignStatus, ListeningView, OperatorView, TalkView
from kit.errors import Unavailable
from kit.journal import Journal


class Engine(Protocol):
    """The commands that the desk gives to the engine. Each raises a `kit.errors.AhizeError` when it is refused."""

    async def sign_in(self, operator: OperatorId, extension: str) -> OperatorView: ...

    async def set_ready(self, operator: OperatorId) -> OperatorView: ...

    async def set_not_ready(self, operator: OperatorId, reason: Reason | None) -> OperatorView: ...

    async def sign_off(self, operator: OperatorId) -> OperatorView | None: ...

    async def hang_up(self, call: CallId, operator: OperatorId) -> None: ...

    async def pause_recording(self, call: CallId, operator: OperatorId, *, paused: bool) -> None: ...

    async def hold(self, call: CallId, operator: OperatorId, *, held: bool) -> None: ...

    async def mute(self, call: CallId, operator: OperatorId, *, muted: bool) -> None: ...

    async def press(self, call: CallId, operator: OperatorId, keys: str) -> None: ...

    async def transfer(self, call: CallId, operator: OperatorId, to: OperatorId, *, warm: bool) -> None: ...

    async def transfer_to_phone(self, call: CallId, operator: OperatorId, extension: str, *, warm: bool) -> None: ...

    async def end_transfer(self, call: CallId, operator: OperatorId, *, complete: bool) -> None: ...

    async def monitor(self, call: CallId, supervisor: OperatorId, extension: str, mode: MonitorMode) -> None: ...

    async def stop_monitoring(self, call: CallId, supervisor: OperatorId) -> None: ...

    async def disposed(self, call: CallId, operator: OperatorId) -> None: ...

    def trunks(self) -> Sequence[TrunkState]: ...

    def talk(self, operator: OperatorId) -> TalkView | None: ...

    def listening(self, supervisor: OperatorId) -> ListeningView | None: ...

    def operator(self, operator: OperatorId) -> OperatorView | None: ...

    def campaign_status(self, campaign: CampaignId) -> CampaignStatus: ...


class NotDialing(Unavailable):
    """The telephone part of the service is not running; ask an administrator to start it."""

    code = "not_dialing"


def engine_of(connection: HTTPConnection) -> Engine | None:
    return getattr(connection.app.state, "engine", None)


def journal_of(connection: HTTPConnection) -> Journal:
    return connection.app.state.journal


def running(engine: Engine | None) -> Engine:
    """The engine, which a command needs. Raises NotDialing."""
    if engine is None:
        raise NotDialing
    return engine


def trunks_of(engine: Engine | None) -> Sequence[TrunkState]:
    return () if engine is None else engine.trunks()


class Archive(Protocol):
    """Where recordings are."""

    def path_of(self, recording_id: str) -> Path:
        """Where the file of a recording is."""
        ...

    def trouble(self) -> Reason | None:
        """Why recordings cannot be kept now, or soon cannot; None: they can."""
        ...


def recordings_of(connection: HTTPConnection) -> Archive:
    return connection.app.state.recordings


Recorded = Annotated[Archive, Depends(recordings_of)]
Dialer = Annotated[Engine | None, Depends(engine_of)]
Log = Annotated[Journal, Depends(journal_of)]
