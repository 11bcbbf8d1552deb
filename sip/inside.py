"""Requests of the other side inside a dialog, by their method (RFC 3261 §12.2.2, §14.2, RFC 3311 §5.2,
RFC 3262 §3)."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TYPE_CHECKING

from sip.errors import BadMessage
from sip.info import PLAIN, RELAY, digit_of
from sip.machine import Transaction
from sip.message import Request
from sip.offering import Offer, Word, following
from sip.referral import TransferRequest
from sip.uas import SDP, refusal

if TYPE_CHECKING:
    from sip.call import Call

Serve = Callable[["Call", Transaction, Request, float], None]


def serve(call: Call, transaction: Transaction, request: Request, now: float) -> None:
    """Answer a request whose tags are the call's, other than ACK and CANCEL."""
    if call.is_over and request.method != "BYE":
        call.agent.reply(transaction, 481)  # our BYE waits for their ACK (§15 ¶3)
        return
    if not call.dialog_of(request).follows(request):
        call.agent.reply(transaction, 500)
        return
    refused = refusal(request)
    if refused is not None:
        call.agent.reply(transaction, refused[0], headers=refused[1])
        return
    _SERVE[request.method](call, transaction, request, now)


def _bye(call: Call, transaction: Transaction, request: Request, _now: float) -> None:
    call.on_bye(transaction, request)


def _options(call: Call, transaction: Transaction, _request: Request, _now: float) -> None:
    call.agent.reply(transaction, 200, headers=[("accept", SDP)])


def _invite(call: Call, transaction: Transaction, request: Request, now: float) -> None:
    """A re-INVITE. 491 while an INVITE or an offer of ours is open, 500 while theirs is."""
    if call.is_answering or call.offer is Offer.THEIRS:
        _later(call, transaction)
    elif not call.is_up or call.offer is Offer.OURS or (call.reoffer is not None and call.reoffer.is_inviting):
        call.agent.reply(transaction, 491)
    else:
        call.take_as_acknowledged()
        _answer_or_decline(call, transaction, request, now)


def _update(call: Call, transaction: Transaction, request: Request, now: float) -> None:
    """An UPDATE, in an early dialog too; without SDP it refreshes target and session only."""
    if request.body and call.offer is Offer.OURS:
        call.agent.reply(transaction, 491)
    elif request.body and call.offer is Offer.THEIRS:
        _later(call, transaction)
    else:
        _answer_or_decline(call, transaction, request, now)


def _later(call: Call, transaction: Transaction) -> None:
    """500 with 0 to 10 seconds to wait (§14.2 ¶1, RFC 3311 §5.2)."""
    call.agent.reply(transaction, 500, headers=[("retry-after", str(random.randint(0, 10)))])


def _answer_or_decline(call: Call, transaction: Transaction, request: Request, now: float) -> None:
    if not answer_offer(call, transaction, request, now):
        call.agent.reply(transaction, 488)


def answer_offer(call: Call, transaction: Transaction, request: Request, now: float) -> bool:
    """200 with the answer; False: the offer is declined. The target moves with a 200 only (§12.2.2 ¶5)."""
    sdp = call.answer_to(request)
    if sdp is None:
        return False
    call.dialog_of(request).retarget(request)
    if request.body:
        call.offer = following(call.offer, Word.THEY_OFFER)
        call.remote_sdp = request.body
    call.send_answer(transaction, request, sdp, now)
    return True


def _prack(call: Call, transaction: Transaction, request: Request, now: float) -> None:
    call.on_prack(transaction, request, now)


def _info(call: Call, transaction: Transaction, request: Request, _now: float) -> None:
    """A digit, or nothing at all, as some ask whether a call still is."""
    digit = digit_of(request)
    if digit is None and request.body:
        call.agent.reply(transaction, 415, headers=[("accept", f"{RELAY}, {PLAIN}")])
        return
    call.agent.reply(transaction, 200)
    if digit is not None:
        call.agent.tell(call.agent.listener.on_digit, call, *digit)


def _refer(call: Call, transaction: Transaction, request: Request, _now: float) -> None:
    """A transfer that they ask for: 603 for who may not (T8)."""
    peer = call.agent.peers(transaction.address)
    if peer is None or not peer.transfer or not call.is_up:
        call.agent.reply(transaction, 603)
        return
    try:
        asked = TransferRequest(call, transaction, request)
    except BadMessage as error:
        call.agent.reply(transaction, error.status)
        return
    call.agent.listener.on_refer(call, asked)


def _notify(call: Call, transaction: Transaction, request: Request, _now: float) -> None:
    """News of a transfer that we asked for; 489 for every other event (RFC 6665 §4.1.3)."""
    event = (request.get("event") or "").partition(";")[0].strip().lower()
    if event != "refer":
        call.agent.reply(transaction, 489)
    elif call.referral is None:
        call.agent.reply(transaction, 481)
    else:
        call.agent.reply(transaction, 200)
        call.referral.on_notify(request)


_SERVE: dict[str, Serve] = {
    "BYE": _bye,
    "OPTIONS": _options,
    "INVITE": _invite,
    "UPDATE": _update,
    "PRACK": _prack,
    "INFO": _info,
    "REFER": _refer,
    "NOTIFY": _notify,
}
