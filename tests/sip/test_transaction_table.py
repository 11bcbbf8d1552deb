"""The table of transitions against the RFCs' figures, written down a second time in another form."""

import pytest
from listening import OFFER

from sip.errors import WrongState
from sip.machine import Transaction, ack_for, branch_for, cancel_for
from sip.message import Request, Response, parse
from sip.timers import TimerQueue
from sip.transaction import TRANSITIONS, Event, State
from sip.transactions import server_key
from sip.transport import Address

# state: event → next state, and what is seen: s sent, a ACK sent, p passed up, t timeout told, x transport error told
FIGURES = {
    "NEW": "SEND_INVITE→IC_CALLING:s SEND_REQUEST→NC_TRYING:s GOT_INVITE→IS_PROCEEDING:p GOT_REQUEST→NS_TRYING:p",
    # RFC 3261 figure 5 and RFC 6026 figure 1
    "IC_CALLING": "TIMER_A→IC_CALLING:s TIMER_B→TERMINATED:t TRANSPORT_ERROR→TERMINATED:x GOT_1XX→IC_PROCEEDING:p "
    "GOT_2XX→IC_ACCEPTED:p GOT_3XX→IC_COMPLETED:ap",
    "IC_PROCEEDING": "GOT_1XX→IC_PROCEEDING:p GOT_2XX→IC_ACCEPTED:p GOT_3XX→IC_COMPLETED:ap "
    "TRANSPORT_ERROR→TERMINATED:x",
    "IC_COMPLETED": "GOT_1XX→IC_COMPLETED: GOT_2XX→IC_COMPLETED:p GOT_3XX→IC_COMPLETED:a TIMER_D→TERMINATED: "
    "TRANSPORT_ERROR→TERMINATED:x",
    "IC_ACCEPTED": "GOT_1XX→IC_ACCEPTED: GOT_2XX→IC_ACCEPTED:p GOT_3XX→IC_ACCEPTED: TIMER_M→TERMINATED: "
    "TRANSPORT_ERROR→IC_ACCEPTED:",
    # RFC 3261 figure 6
    "NC_TRYING": "TIMER_E→NC_TRYING:s TIMER_F→TERMINATED:t TRANSPORT_ERROR→TERMINATED:x GOT_1XX→NC_PROCEEDING:p "
    "GOT_2XX→NC_COMPLETED:p GOT_3XX→NC_COMPLETED:p",
    "NC_PROCEEDING": "TIMER_E→NC_PROCEEDING:s TIMER_F→TERMINATED:t TRANSPORT_ERROR→TERMINATED:x "
    "GOT_1XX→NC_PROCEEDING:p GOT_2XX→NC_COMPLETED:p GOT_3XX→NC_COMPLETED:p",
    "NC_COMPLETED": "GOT_1XX→NC_COMPLETED: GOT_2XX→NC_COMPLETED: GOT_3XX→NC_COMPLETED: TIMER_K→TERMINATED: "
    "TRANSPORT_ERROR→NC_COMPLETED:",
    # RFC 3261 figure 7 and RFC 6026 figure 2
    "IS_PROCEEDING": "GOT_AGAIN→IS_PROCEEDING:s GOT_ACK→IS_PROCEEDING: SEND_1XX→IS_PROCEEDING:s SEND_2XX→IS_ACCEPTED:s "
    "SEND_3XX→IS_COMPLETED:s TRANSPORT_ERROR→TERMINATED:x",
    "IS_COMPLETED": "GOT_AGAIN→IS_COMPLETED:s TIMER_G→IS_COMPLETED:s TIMER_H→TERMINATED:t GOT_ACK→IS_CONFIRMED: "
    "TRANSPORT_ERROR→TERMINATED:x",
    "IS_CONFIRMED": "GOT_AGAIN→IS_CONFIRMED: GOT_ACK→IS_CONFIRMED: TIMER_I→TERMINATED: TRANSPORT_ERROR→IS_CONFIRMED:",
    "IS_ACCEPTED": "GOT_AGAIN→IS_ACCEPTED: GOT_ACK→IS_ACCEPTED:p SEND_2XX→IS_ACCEPTED:s TIMER_L→TERMINATED: "
    "TRANSPORT_ERROR→IS_ACCEPTED:x",
    # RFC 3261 figure 8
    "NS_TRYING": "GOT_AGAIN→NS_TRYING: SEND_1XX→NS_PROCEEDING:s SEND_2XX→NS_COMPLETED:s SEND_3XX→NS_COMPLETED:s "
    "TRANSPORT_ERROR→TERMINATED:x",
    "NS_PROCEEDING": "GOT_AGAIN→NS_PROCEEDING:s SEND_1XX→NS_PROCEEDING:s SEND_2XX→NS_COMPLETED:s "
    "SEND_3XX→NS_COMPLETED:s TRANSPORT_ERROR→TERMINATED:x",
    "NS_COMPLETED": "GOT_AGAIN→NS_COMPLETED:s SEND_1XX→NS_COMPLETED: SEND_2XX→NS_COMPLETED: SEND_3XX→NS_COMPLETED: "
    "TIMER_J→TERMINATED: TRANSPORT_ERROR→TERMINATED:x",
}


def figures() -> list[tuple[State, Event, State, str]]:
    rows = []
    for state, text in FIGURES.items():
        for row in text.split():
            event, _, rest = row.partition("→")
            following, _, seen = rest.partition(":")
            rows.append((State[state], Event[event], State[following], seen))
    return rows


class World:
    """A home and a user that write down what they are told."""

    def __init__(self) -> None:
        self.timers = TimerQueue()
        self.seen = ""
        self.sent: list[bytes] = []
        self.forgotten = False

    def transmit(self, transaction: Transaction, data: bytes, now: float) -> None:
        self.sent.append(data)
        self.seen += "a" if data.startswith(b"ACK ") else "s"

    def deliver(self, transaction: Transaction, message: Request | Response, now: float) -> None:
        self.seen += "p"

    def forget(self, transaction: Transaction) -> None:
        self.forgotten = True

    def on_response(self, transaction: Transaction, response: Response, now: float) -> None:
        raise AssertionError

    def on_timeout(self, transaction: Transaction, now: float) -> None:
        self.seen += "t"

    def on_transport_error(self, transaction: Transaction, now: float) -> None:
        self.seen += "x"


def request(method: str = "INVITE") -> Request:
    fields = {
        "via": ["SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bKx"],
        "from": ["<sip:a@b>;tag=1"],
        "to": ["<sip:c@d>"],
        "call-id": ["x"],
        "cseq": [f"1 {method}"],
        "route": ["<sip:r;lr>"],
    }
    return Request(method, "sip:c@d", fields, OFFER if method == "INVITE" else b"")


def in_state(state: State) -> tuple[Transaction, World]:
    world = World()
    made = request("INVITE" if state.name.startswith("I") else "OPTIONS")
    transaction = Transaction(world, "key", made, Address("127.0.0.1", 1), reliable=False, user=world)
    transaction.state = state
    transaction._last = b"OPTIONS" if state.name[1] == "C" else b"SIP/2.0"
    return transaction, world


@pytest.mark.parametrize(("state", "event", "following", "seen"), figures())
def test_each_transition_is_the_figures(state: State, event: Event, following: State, seen: str) -> None:
    transaction, world = in_state(state)
    status = {"1XX": 180, "2XX": 200}.get(event.name[-3:], 486)
    transaction.step(event, 10.0, request("ACK") if event is Event.GOT_ACK else request().reply(status, to_tag="t"))

    assert transaction.state is following
    assert world.seen == seen
    assert world.forgotten is (following is State.TERMINATED)


def test_the_table_holds_these_transitions_and_no_others() -> None:
    assert set(TRANSITIONS) == {(state, event) for state, event, _, _ in figures()}


def test_every_transition_names_its_place_in_the_rfc() -> None:
    for key, (_, _, source) in TRANSITIONS.items():
        assert source[:6] in ("3261 §", "6026 §", "3261 f"), key


def test_what_is_not_in_the_table_is_an_error_that_names_both() -> None:
    transaction, _ = in_state(State.IC_PROCEEDING)

    with pytest.raises(WrongState, match="TIMER_A in IC_PROCEEDING"):
        transaction.step(Event.TIMER_A, 0.0)


def test_nothing_from_the_network_is_missing_in_any_state() -> None:
    """A peer can send anything at any time: no packet may find a hole in the table."""
    for state in State:
        if state in (State.NEW, State.TERMINATED):
            continue
        client = state.name[1] == "C"
        events = (Event.GOT_1XX, Event.GOT_2XX, Event.GOT_3XX) if client else (Event.GOT_AGAIN,)
        events += (Event.GOT_ACK,) if state.name.startswith("IS") else ()
        for event in (*events, Event.TRANSPORT_ERROR):
            assert (state, event) in TRANSITIONS


def test_a_second_final_answer_is_refused() -> None:
    transaction, _ = in_state(State.IS_COMPLETED)

    with pytest.raises(WrongState):
        transaction.respond(request().reply(200), 0.0)
    assert transaction._last == b"SIP/2.0"


def test_ack_and_cancel_follow_their_invite() -> None:
    invite = request()
    refused = invite.reply(486, to_tag="far")
    ack, cancel = ack_for(invite, refused), cancel_for(invite)

    for made in (ack, cancel):
        parse(made.encode())
        assert made.uri == invite.uri
        assert made.headers["via"] == invite.headers["via"]
        assert made.headers["route"] == invite.headers["route"]
        assert made.cseq.number == invite.cseq.number
    assert (ack.to_tag, cancel.to_tag) == ("far", "")


def test_a_branch_is_the_same_for_invite_and_cancel_only() -> None:
    branches = [branch_for("x", "t", 1, method) for method in ("INVITE", "CANCEL", "ACK", "BYE")]

    assert branches[0] == branches[1]
    assert len({*branches, branch_for("x", "t", 2, "INVITE"), branch_for("y", "t", 1, "INVITE")}) == 5


def test_requests_are_matched_by_branch_sender_and_method() -> None:
    def key(method: str, via: str) -> object:
        made = request(method)
        made.headers["via"] = [via]
        return server_key(made)

    invite = key("INVITE", "SIP/2.0/UDP a;branch=z9hG4bKx")
    assert key("ACK", "SIP/2.0/UDP a;branch=z9hG4bKx") == invite
    assert key("CANCEL", "SIP/2.0/UDP a;branch=z9hG4bKx") != invite
    assert key("INVITE", "SIP/2.0/UDP b;branch=z9hG4bKx") != invite
    assert key("INVITE", "SIP/2.0/UDP a;branch=z9hG4bK") != key("INVITE", "SIP/2.0/UDP b;branch=z9hG4bK")
    assert key("ACK", "SIP/2.0/UDP a") == key("INVITE", "SIP/2.0/UDP a")
