"""The tables of call and operator: what is in them is reached, what is not is refused."""

import pytest

from dialer import call, operator
from dialer.call import Command, Event, Life, State, outcome, step
from dialer.errors import WrongTurn
from dialer.operator import Operator
from dialer.outcomes import Outcome
from dialer.shapes import CallId, Reason

CALL = CallId("c1")


def live(*events: tuple[Event, float], state: State = State.PLACING) -> Life:
    life = Life(state, 0.0)
    for event, at in events:
        life, _ = step(life, event, at)
    return life


@pytest.mark.parametrize(
    ("events", "status", "expected"),
    [
        (
            [(Event.SENT, 0), (Event.RANG, 1), (Event.ANSWERED, 5), (Event.JOINED, 5), (Event.GONE, 65)],
            200,
            "connected",
        ),
        ([(Event.SENT, 0), (Event.RANG, 1), (Event.FAILED, 5)], 486, "busy"),
        ([(Event.SENT, 0), (Event.FAILED, 32)], 0, "no_trunk"),
        ([(Event.SENT, 0), (Event.RANG, 1), (Event.RING_LIMIT, 25), (Event.FAILED, 26)], 487, "no_answer"),
        ([(Event.SENT, 0), (Event.RING_LIMIT, 25), (Event.FAILED, 32)], 0, "no_trunk"),
        ([(Event.SENT, 0), (Event.TAKE_BACK, 18), (Event.FAILED, 32)], 0, "no_trunk"),
        ([(Event.SENT, 0), (Event.RANG, 1), (Event.TAKE_BACK, 3), (Event.FAILED, 4)], 487, "cancelled"),
        ([(Event.SENT, 0), (Event.ANSWERED, 5), (Event.GONE, 6)], 200, "hung_up_early"),
        ([(Event.SENT, 0), (Event.ANSWERED, 5), (Event.GONE, 7)], 200, "abandoned"),
        ([(Event.SENT, 0), (Event.ANSWERED, 5), (Event.OUT_OF_TIME, 6), (Event.GONE, 6.5)], 200, "abandoned"),
        (
            [(Event.SENT, 0), (Event.RING_LIMIT, 25), (Event.ANSWERED, 25.1), (Event.GONE, 26)],
            200,
            "no_answer",
        ),
        ([(Event.TAKE_BACK, 1)], 0, "cancelled"),
    ],
)
def test_outcome_follows_from_the_life(events: list[tuple[Event, float]], status: int, expected: str) -> None:
    life = live(*events)

    assert life.state is State.ENDED
    assert outcome(life, status, connect_s=2.0) is Outcome(expected)


def test_times_are_kept() -> None:
    life = live((Event.SENT, 10), (Event.RANG, 11), (Event.ANSWERED, 15), (Event.JOINED, 15.5), (Event.GONE, 75.5))

    assert (life.ring_s, life.talk_s) == (5, 60)


def test_talk_spans_a_change_of_operator() -> None:
    life = live((Event.SENT, 0), (Event.ANSWERED, 1), (Event.JOINED, 1), (Event.ORPHANED, 11), (Event.JOINED, 15))

    ended, commands = step(life, Event.GONE, 31)

    assert ended.talk_s == 30
    assert commands == (Command.FINISH,)


def test_every_state_but_the_last_can_be_left_and_every_state_is_reached() -> None:
    left = {state for state, _ in call.TRANSITIONS}
    reached = set(call.TRANSITIONS.values())

    assert left == set(State) - {State.ENDED}
    assert reached == set(State) - {State.PLACING, State.OFFERED}


def test_commands_belong_to_transitions() -> None:
    assert set(call.COMMANDS) <= set(call.TRANSITIONS)
    assert set(operator.COMMANDS) <= set(operator.TRANSITIONS)


def test_unknown_turn_names_state_and_event() -> None:
    with pytest.raises(WrongTurn, match="rang is not known in the state connected"):
        step(Life(State.CONNECTED, 0.0), Event.RANG, 1.0)
    with pytest.raises(WrongTurn, match="connect is not known in the state offline"):
        operator.step(Operator(), operator.Event.CONNECT, 1.0)


def day(*events: operator.Event, reason: Reason | None = None) -> Operator:
    now, person = 0.0, Operator()
    for event in events:
        now += 1
        person, _ = operator.step(person, event, now, reason, CALL if event is operator.Event.RESERVE else None)
    return person


O = operator.Event  # noqa: E741
TALK = (O.SIGN_IN, O.GO_READY, O.LEG_UP, O.RESERVE, O.CONNECT)


@pytest.mark.parametrize(
    ("events", "state"),
    [
        ((O.SIGN_IN,), "connecting"),
        ((O.SIGN_IN, O.LEG_UP), "not_ready"),
        ((O.SIGN_IN, O.GO_READY, O.LEG_UP), "ready"),
        ((O.SIGN_IN, O.LEG_FAILED), "offline"),
        (TALK, "talking"),
        ((*TALK, O.CALL_OVER), "wrap_up"),
        ((*TALK, O.CALL_OVER, O.WRAPPED_UP), "ready"),
        ((*TALK, O.GO_NOT_READY, O.CALL_OVER, O.WRAPPED_UP), "not_ready"),
        ((*TALK, O.SIGN_OFF, O.CALL_OVER, O.WRAPPED_UP), "offline"),
        ((*TALK, O.SIGN_OFF, O.GO_READY, O.CALL_OVER, O.WRAPPED_UP), "ready"),
        ((*TALK, O.CALL_OVER, O.GO_NOT_READY, O.WRAPPED_UP), "not_ready"),
        ((*TALK, O.LEG_LOST), "offline"),
        ((O.SIGN_IN, O.GO_READY, O.LEG_UP, O.RESERVE, O.GO_NOT_READY, O.RELEASE), "not_ready"),
    ],
)
def test_operator_comes_to_where_he_chose_to_be(events: tuple[operator.Event, ...], state: str) -> None:
    assert day(*events).state == state


def test_operator_holds_a_call_from_the_reservation_to_the_end_of_wrap_up() -> None:
    for count in range(len(TALK) + 2):
        person = day(*(*TALK, O.CALL_OVER, O.WRAPPED_UP)[:count])
        assert (person.call is not None) == (person.state in ("reserved", "talking", "wrap_up"))


def test_who_leaves_after_the_call_is_not_of_the_team() -> None:
    assert day(*TALK).at_work
    assert not day(*TALK, O.SIGN_OFF).at_work
    assert not day(*TALK, O.GO_NOT_READY).at_work


def test_reason_given_during_a_talk_is_that_of_the_pause_after_it() -> None:
    lunch = Reason("lunch")
    person, _ = operator.step(day(*TALK), O.GO_NOT_READY, 10, lunch)
    for event in (O.CALL_OVER, O.WRAPPED_UP):
        person, _ = operator.step(person, event, 11)

    assert person.reason == lunch
