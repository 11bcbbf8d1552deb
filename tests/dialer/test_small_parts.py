"""Routing, the line of those who wait, the trunk's guard, the way to the journal."""

import asyncio

import pytest
from small_centre import BANK, TAXI, virtual

from dialer.facts import Fact, OperatorChanged
from dialer.legs import LineLeg
from dialer.line_events import TrunkState
from dialer.operator import State
from dialer.queue import Place, Queue, Rank
from dialer.recorder import Recorder
from dialer.routing import Candidate, choose
from dialer.shapes import CallId, LegId, OperatorId, Reason
from dialer.trunk import HALVES_AT, LONGEST_REST_S, REST_S, STOPS_AT, TrunkGuard
from kit import ids
from kit.tasks import Tasks
from kit.virtual import VirtualClock

UP = TrunkState("pbx", True, Reason("registered"), 40, 0)


def candidate(name: str, state: State, since: float, *projects: object) -> Candidate:
    return Candidate(OperatorId(name), state, since, frozenset(projects))  # type: ignore[arg-type]


def test_longest_ready_operator_of_the_project_is_chosen() -> None:
    people = [
        candidate("busy", State.TALKING, 1, BANK),
        candidate("late", State.READY, 20, BANK),
        candidate("early", State.READY, 10, BANK, TAXI),
        candidate("other", State.READY, 5, TAXI),
    ]

    assert choose(BANK, people).operator == "early"
    assert choose(TAXI, people).operator == "other"


@pytest.mark.parametrize(
    ("people", "reason"),
    [
        ([], "no_operators"),
        ([candidate("a", State.OFFLINE, 0, BANK)], "no_operators"),
        ([candidate("a", State.READY, 0, TAXI)], "no_operator_for_project"),
        ([candidate("a", State.WRAP_UP, 0, BANK)], "no_operator_ready"),
    ],
)
def test_nobody_chosen_says_why(people: list[Candidate], reason: str) -> None:
    choice = choose(BANK, people)

    assert choice.operator is None
    assert choice.reason is not None
    assert choice.reason.code == reason


def test_line_is_by_rank_then_by_time() -> None:
    line = Queue()
    line.add(Place(Rank.CALLER, 1.0, CallId("caller"), BANK))
    line.add(Place(Rank.ANSWERED, 5.0, CallId("answered"), BANK))
    line.add(Place(Rank.HOT, 6.0, CallId("hot"), BANK))
    line.add(Place(Rank.CALLER, 0.5, CallId("taxi"), TAXI))

    assert line.add(Place(Rank.FRONT, 9.0, CallId("orphan"), BANK)) == 1
    served = []
    while (place := line.next_for(frozenset({BANK}))) is not None:
        served.append(place.call)
        line.remove(place.call)
    assert served == ["orphan", "hot", "answered", "caller"]
    assert line.waiting(frozenset({BANK, TAXI})) == 1


def test_trunk_opens_gently() -> None:
    guard = TrunkGuard(UP, now=100.0)

    assert [guard.room(0, 100.0 + s) for s in (0, 1, 4, 9, 60)] == [4, 8, 20, 40, 40]


def test_faults_in_a_row_halve_then_close_the_trunk() -> None:
    guard = TrunkGuard(UP, now=0.0)
    for _ in range(HALVES_AT):
        guard.failed(100.0, None)
    assert guard.room(0, 100.0) == 20
    for _ in range(STOPS_AT - HALVES_AT):
        guard.failed(100.0, None)

    assert guard.room(0, 100.0) == 0
    closed = guard.closed(100.0)
    assert closed is not None
    assert closed.code == "trunk_resting"
    assert guard.closed(100.0 + REST_S + 0.1) is None
    guard.worked()
    assert guard.room(0, 100.0 + REST_S + 20) == 40


def test_no_answer_closes_a_trunk_for_longer_than_an_hour() -> None:
    guard = TrunkGuard(UP, now=0.0)
    guard.failed(100.0, 2.0**31 - 1)

    assert guard.closed(100.0 + LONGEST_REST_S - 1) is not None
    assert guard.closed(100.0 + LONGEST_REST_S) is None


def test_one_good_answer_forgives() -> None:
    guard = TrunkGuard(UP, now=0.0)
    for _ in range(50):
        for _ in range(HALVES_AT - 1):
            guard.failed(100.0, None)
        guard.worked()

    assert guard.room(0, 100.0) == 40


class Store:
    """A journal that fails or refuses as told."""

    def __init__(self) -> None:
        self.taken: list[Fact] = []
        self.calls = 0
        self.broken = False
        self.refuses: set[str] = set()
        self.poison: set[str] = set()

    async def record(self, *facts: Fact) -> bool:
        self.calls += 1
        await asyncio.sleep(0.01)
        named = {f.operator for f in facts if isinstance(f, OperatorChanged)}
        if self.broken or named & self.poison:
            raise OSError("no")
        if named & self.refuses:
            return False
        self.taken.extend(facts)
        return True


def fact(name: str) -> OperatorChanged:
    return OperatorChanged(OperatorId(name), "ready", None, VirtualClock().now())


async def recorded(store: Store, names: list[str], seconds: float = 60.0) -> tuple[Recorder, list[str]]:
    lost: list[str] = []
    async with Tasks() as tasks:
        recorder = Recorder(store, lost.append)
        tasks.spawn(recorder.run(), "recorder")
        for name in names:
            recorder.put(fact(name), owner=f"owner:{name}")
        await asyncio.sleep(seconds)
    return recorder, lost


@virtual
async def test_facts_keep_their_order_and_go_together() -> None:
    store = Store()
    await recorded(store, [f"op{n}" for n in range(150)])

    assert [f.operator for f in store.taken if isinstance(f, OperatorChanged)] == [f"op{n}" for n in range(150)]
    assert store.calls <= 4


@virtual
async def test_refused_fence_is_told_to_its_owner_alone() -> None:
    store = Store()
    store.refuses = {"b"}
    _, lost = await recorded(store, ["a", "b", "c"])

    assert lost == ["owner:b"]
    assert len(store.taken) == 2


@virtual
async def test_store_that_is_away_is_waited_for() -> None:
    store = Store()
    store.broken = True
    async with Tasks() as tasks:
        recorder = Recorder(store, lambda owner: None)
        tasks.spawn(recorder.run(), "recorder")
        recorder.put(fact("a"))
        recorder.put(fact("b"))
        await asyncio.sleep(300)
        assert recorder.stuck is not None
        store.broken = False
        await asyncio.wait_for(recorder.flush(), 10)

    assert recorder.stuck is None
    assert len(store.taken) == 2


@virtual
async def test_what_was_noted_so_far_is_waited_for_and_not_what_keeps_coming() -> None:
    async def keep_noting(recorder: Recorder) -> None:
        while True:
            recorder.put(fact("later"))
            await asyncio.sleep(0.005)

    store = Store()
    async with Tasks() as tasks:
        recorder = Recorder(store, lambda owner: None)
        tasks.spawn(recorder.run(), "recorder")
        tasks.spawn(keep_noting(recorder), "others")
        await asyncio.sleep(1)
        recorder.put(fact("mine"))
        await asyncio.wait_for(recorder.flush(), 1)
        assert "mine" in [f.operator for f in store.taken if isinstance(f, OperatorChanged)]
        await tasks.close()


@virtual
async def test_fact_that_alone_cannot_be_written_does_not_hold_up_the_others() -> None:
    store = Store()
    store.poison = {"bad"}
    await recorded(store, ["a", "bad", "c"])

    assert [f.operator for f in store.taken if isinstance(f, OperatorChanged)] == ["a", "c"]


def test_many_legs_are_asked_after_once_in_the_interval_and_not_at_once() -> None:
    legs = [LineLeg(LegId(ids.new()), "pbx", None, None) for _ in range(200)]  # type: ignore[arg-type]
    slices = [sum([leg.comes_round(now / 2, 10.0) for leg in legs]) for now in range(2001, 2042)]

    assert slices[0] == 0, "nobody is asked as soon as answered"
    assert sum(slices[1:21]) == sum(slices[21:]) == 200
    assert max(slices) < 40
