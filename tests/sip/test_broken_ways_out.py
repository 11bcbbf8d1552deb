"""What transactions do when packets cannot leave, or a connection breaks (RFC 3261 §17.1.4, §18.4)."""

import pytest

from sip.errors import UnsafeField
from sip.machine import Transaction
from sip.message import Request, Response
from sip.timers import TimerQueue
from sip.transactions import Transactions
from sip.transport import Address

NEAR, FAR = Address("10.0.0.1", 5060), Address("10.0.0.2", 5060)


class Ear:
    """The core above, and the user of every client; writes down what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def on_request(self, transaction: Transaction, request: Request, now: float) -> None:
        self.told.append(request.method)
        transaction.user = self

    def on_accepted_ack(self, transaction: Transaction, ack: Request, now: float) -> None:
        self.told.append("accepted ack")

    def on_gone(self, transaction: Transaction) -> None:
        """Nothing is counted here."""

    def on_detour_closed(self, request: Request, refused: Address, to: Address) -> None:
        self.told.append("detour closed")

    def on_response(self, transaction: Transaction, response: Response, now: float) -> None:
        self.told.append(str(response.status))

    def on_timeout(self, transaction: Transaction, now: float) -> None:
        self.told.append("timeout")

    def on_transport_error(self, transaction: Transaction, now: float) -> None:
        self.told.append("transport")


class Way:
    """The way out: broken while `open` is False."""

    open = True

    def send(self, data: bytes, to: Address) -> None:
        if not self.open:
            raise OSError("unreachable")


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
def way() -> Way:
    return Way()


@pytest.fixture
def transactions(ear: Ear, way: Way) -> Transactions:
    return Transactions(ear, TimerQueue(), way.send)


def request(method: str = "INVITE", branch: str = "a", **more: list[str]) -> Request:
    fields = {
        "via": [f"SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bK{branch}"],
        "from": ["<sip:a@b>;tag=1"],
        "to": ["<sip:c@d>"],
        "call-id": ["x"],
        "cseq": [f"1 {method}"],
    }
    return Request(method, "sip:c@d", fields | more)


def test_a_packet_that_cannot_leave_is_told_in_a_later_turn(transactions: Transactions, way: Way, ear: Ear) -> None:
    way.open = False
    transactions.request(request(), FAR, ear, now=0.0)
    assert ear.told == []

    transactions.timers.run(0.0)

    assert ear.told == ["transport"]
    assert (len(transactions), len(transactions.timers)) == (0, 0)


def test_a_failure_of_what_has_ended_meanwhile_is_told_to_nobody(
    transactions: Transactions, way: Way, ear: Ear
) -> None:
    way.open = False
    transactions.abandon(transactions.request(request(), FAR, ear, now=0.0))

    transactions.timers.run(0.0)

    assert ear.told == []
    assert len(transactions) == 0


def test_a_request_that_is_not_fit_for_the_wire_leaves_nothing(transactions: Transactions, ear: Ear) -> None:
    with pytest.raises(UnsafeField):
        transactions.request(request(subject=["a\r\nb"]), FAR, ear, now=0.0)

    assert (len(transactions), len(transactions.timers)) == (0, 0)


def test_a_broken_connection_ends_only_what_went_by_it(transactions: Transactions, ear: Ear) -> None:
    transactions.request(request("OPTIONS", "a"), FAR, ear, now=0.0)
    transactions.request(request("OPTIONS", "b"), NEAR, ear, now=0.0)
    transactions.accept(request("BYE", "c"), FAR, now=0.0)

    transactions.transport_failed(FAR, now=1.0)

    assert ear.told == ["BYE", "transport", "transport"]
    assert len(transactions) == 1


def test_an_ack_with_the_invites_own_branch_is_passed_on_after_a_2xx(transactions: Transactions, ear: Ear) -> None:
    invite = request()
    served = transactions.accept(invite, FAR, now=0.0)
    served.respond(invite.reply(200, to_tag="t"), now=0.0)

    assert transactions.repeated(request("ACK"), now=0.1)

    assert ear.told == ["INVITE", "accepted ack"]


def test_nothing_is_repeated_over_a_reliable_way(ear: Ear, way: Way) -> None:
    sent: list[bytes] = []
    transactions = Transactions(ear, TimerQueue(), lambda data, to: sent.append(data), is_reliable=lambda to: True)
    transactions.request(request(), FAR, ear, now=0.0)

    transactions.timers.run(31.9)
    assert len(sent) == 1
    transactions.timers.run(32.0)

    assert ear.told == ["timeout"]


def test_a_repeat_before_any_answer_is_met_with_silence(ear: Ear) -> None:
    sent: list[bytes] = []
    transactions = Transactions(ear, TimerQueue(), lambda data, to: sent.append(data))
    transactions.accept(request(), FAR, now=0.0)

    assert transactions.repeated(request(), now=0.5)

    assert (ear.told, sent) == (["INVITE"], [])


def test_the_first_final_answer_is_the_one_that_is_repeated(ear: Ear) -> None:
    sent: list[bytes] = []
    transactions = Transactions(ear, TimerQueue(), lambda data, to: sent.append(data))
    options = request("OPTIONS")
    served = transactions.accept(options, FAR, now=0.0)
    served.respond(options.reply(200, to_tag="t"), now=0.0)

    served.respond(options.reply(500, to_tag="t"), now=0.1)
    transactions.repeated(options, now=0.5)

    assert [data[:11] for data in sent] == [b"SIP/2.0 200"] * 2


def test_a_broken_way_back_without_anybody_to_tell_ends_the_transaction(transactions: Transactions, ear: Ear) -> None:
    served = transactions.accept(request("OPTIONS"), FAR, now=0.0)
    served.user = None

    transactions.transport_failed(FAR, now=0.1)

    assert (ear.told, len(transactions)) == (["OPTIONS"], 0)
