"""A call centre in memory on a virtual clock: the engine under test with scripted far ends."""

import asyncio
import functools
import inspect
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Self, TypeVar

from dialer.engine import Engine, Ports, Settings
from dialer.facts import AttemptEnded, Fact
from dialer.line_events import TrunkState
from dialer.memory import (
    MemoryCallers,
    MemoryHistory,
    MemoryJournal,
    MemoryLeads,
    MemoryLedger,
    MemoryQualifications,
    MemoryRecordings,
    MemoryRules,
    Retry,
)
from dialer.memory_lines import PHONE, FarEnd, MemoryLines, is_phone
from dialer.shapes import (
    AttemptKind,
    BudgetCounts,
    Caller,
    Campaign,
    CampaignId,
    Estimates,
    Mode,
    OperatorId,
    ProjectId,
    Reason,
    Temperature,
)
from kit.virtual import VirtualClock, run

BANK = ProjectId("bank")
TAXI = ProjectId("taxi")
DID = "+902125550000"
F = TypeVar("F")


def virtual(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Run an async test on a virtual clock."""

    @functools.wraps(test)
    def on_virtual_clock(*args: Any, **named: Any) -> None:
        run(test(*args, **named))  # type: ignore[arg-type]

    on_virtual_clock.__signature__ = inspect.signature(test)  # type: ignore[attr-defined]
    del on_virtual_clock.__wrapped__  # type: ignore[attr-defined]
    return on_virtual_clock


def campaign(name: str = "cold", **changes: Any) -> Campaign:
    """A progressive campaign of the bank unless told otherwise."""
    values: dict[str, Any] = {
        "id": CampaignId(name),
        "project": BANK,
        "name": name,
        "temperature": Temperature(name) if name in list(Temperature) else Temperature.COLD,
        "mode": Mode.PROGRESSIVE,
        "caller_id": "+902121112233",
        "trunks": ("pbx",),
        "ring_s": 25.0,
        "wrap_up_s": 10.0,
    }
    return Campaign(**(values | changes))


def predictive(name: str = "cold", **changes: Any) -> Campaign:
    return campaign(name, mode=Mode.PREDICTIVE, message="message", **changes)


def numbers(count: int, first: int = 1) -> list[str]:
    return [f"+90532{1000000 + n}" for n in range(first, first + count)]


class Centre:
    """Engine and ports in memory. Operators' phones have four digits and answer at once. `trunks`: beside the first."""

    def __init__(
        self,
        *campaigns: Campaign,
        far: FarEnd | Callable[[str], FarEnd] = PHONE,
        phones: FarEnd = PHONE,
        channels: int = 100,
        cps: float = 0.0,
        trunks: tuple[TrunkState, ...] = (),
        delay_s: float = 0.001,
        rules: MemoryRules | None = None,
        retry: Retry | None = None,
        before: BudgetCounts | None = None,
        history: Estimates | None = None,
    ) -> None:
        chosen = far if callable(far) else lambda number: far
        self.trunk = TrunkState("pbx", True, Reason("registered"), channels, 0, cps)
        self.leads = MemoryLeads(campaigns, retry=retry, delay_s=delay_s)
        self.lines = MemoryLines(lambda n: phones if is_phone(n) else chosen(n), (self.trunk, *trunks))
        self.journal = MemoryJournal(self.leads)
        self.rules = rules or MemoryRules()
        self.qualifications = MemoryQualifications(frozenset({BANK, TAXI}))
        self.callers = MemoryCallers({DID: Caller(BANK)})
        self.ledger = MemoryLedger(self.leads, {c.id: before for c in campaigns} if before else {})
        self.history = MemoryHistory({c.id: history for c in campaigns} if history else {})
        self.recordings = MemoryRecordings()
        self.settings = Settings(leg_trunk="pbx", wrap_up_s=5.0)

    async def __aenter__(self) -> Self:
        self.clock = VirtualClock()
        self.engine = self.make_engine()
        await self.engine.start()
        await asyncio.sleep(11)  # the trunk's gentle start is over
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.engine.stop()

    def make_engine(self) -> Engine:
        ports = Ports(
            self.leads,
            self.rules,
            self.ledger,
            self.history,
            self.qualifications,
            self.callers,
            self.journal,
            self.lines,
            self.clock,
            self.recordings,
        )
        return Engine(ports, self.settings)

    async def staff(self, count: int) -> list[OperatorId]:
        """Sign operators in and make them ready: extensions 1001, 1002, …"""
        names = [OperatorId(f"op{n}") for n in range(1, count + 1)]
        for n, name in enumerate(names, 1):
            await self.engine.sign_in(name, str(1000 + n))
            await self.engine.set_ready(name)
        await asyncio.sleep(0.5)
        return names

    def facts(self, of: type[F], /, **values: Any) -> list[F]:
        """Facts of a kind in the journal whose fields have these values."""
        found = [f for f in self.journal.facts if isinstance(f, of)]
        return [f for f in found if all(getattr(f, name) == value for name, value in values.items())]

    def outcomes(self) -> list[str]:
        ended = self.facts(AttemptEnded, kind=AttemptKind.CALL)
        return [f.outcome.value for f in ended]

    def state(self, operator: OperatorId) -> str:
        view = self.engine.operator(operator)
        return view.state if view is not None else "offline"

    def reason(self, name: str = "cold") -> str:
        return self.engine.campaign_status(CampaignId(name)).reason.code

    def customers(self) -> list[str]:
        """Numbers of customers that were sent an INVITE, in order."""
        return [number for _, number, _ in self.lines.sent if not is_phone(number)]

    async def until(self, done: Callable[[], Any], seconds: float = 120.0) -> None:
        """Let time pass until `done`. Raises AssertionError after `seconds`."""
        ends = self.clock.monotonic() + seconds
        while not done():
            assert self.clock.monotonic() < ends, "it did not come to that in time"
            await asyncio.sleep(0.01)


def names(facts: list[Fact]) -> list[str]:
    return [type(f).__name__ for f in facts]
