"""What becomes of each packet: strangers, responses, requests outside and inside dialogs (RFC 3261 §8.2, §12.2.2)."""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING

from sip import headers as h
from sip.call import Call
from sip.dialog import Dialog, DialogKey
from sip.errors import BadMessage, Refused, SipError
from sip.exchange import MAX_ANSWERS
from sip.gate import RETRY_AFTER, OfferKey
from sip.inside import serve
from sip.machine import Transaction, ack_for, cancel_for
from sip.message import Message, Request, Response, parse
from sip.replaces import replaced
from sip.server_call import ServerCall
from sip.transaction import State
from sip.transport import Address
from sip.uas import SDP, bare_answer, mark_source, refusal, way_back

if TYPE_CHECKING:
    from sip.agent import UserAgent
    from sip.client_call import ClientCall
    from sip.digest import Credentials
    from sip.stray import StrayDialog


class Core:
    """The transaction user of a `UserAgent`: it holds the dialogs."""

    def __init__(self, agent: UserAgent) -> None:
        self._agent = agent
        self._calls: dict[DialogKey, Call] = {}
        self.placed: set[ClientCall] = set()
        """Calls of ours without a final answer."""
        self._offered: dict[OfferKey, ServerCall] = {}
        self.strays: dict[DialogKey, StrayDialog] = {}
        self._source = Address("", 0)

    def __len__(self) -> int:
        return len(self._calls)

    def living(self) -> list[Call]:
        """Every call that is not over."""
        return list(dict.fromkeys([*self.placed, *self._calls.values()]))

    def remember(self, call: Call) -> None:
        for key in call.dialog_keys():
            self._calls[key] = call

    def know(self, dialog: Dialog, call: Call) -> None:
        """From now on requests inside this dialog find the call."""
        self._calls[dialog.key] = call

    def call_of(self, call_id: str, local_tag: str, remote_tag: str) -> Call | None:
        """The call with this dialog, or None. One whose answer had no tag (RFC 2543) is found by any."""
        return self._calls.get((call_id, local_tag, remote_tag)) or self._calls.get((call_id, local_tag, ""))

    def forget(self, call: Call) -> None:
        for key in call.dialog_keys():
            self._calls.pop(key, None)
        if isinstance(call, ServerCall):
            self._offered.pop(_offer_key(call.request), None)

    # ------------------------------------------------------------ packets

    def receive(self, data: bytes, source: Address, now: float) -> None:
        """One packet. Never raises for what it holds, only for our own mistakes."""
        agent = self._agent
        if agent.peers(source) is None:
            self._stranger(data, source, now)
            return
        if len(data) <= 4:
            return  # a keep-alive (RFC 5626 §3.5.1)
        if data.startswith(b"SIP/2.0 200 ") and agent.transactions.settles(data, now):
            return
        try:
            message = parse(data)
            if isinstance(message, Response):
                self._response(message, source, now)
            else:
                self._request(message, source, now)
        except BadMessage as error:
            agent.counts.malformed += 1
            self._refuse_malformed(error, source)

    def _stranger(self, data: bytes, source: Address, now: float) -> None:
        self._agent.gate.stranger(now)
        if self._agent.unknown_peer != "403":
            return
        try:
            message = parse(data)
        except BadMessage:
            return
        self._answer_stateless(message, 403, source)

    def _refuse_malformed(self, error: BadMessage, source: Address) -> None:
        if error.message is not None:
            self._answer_stateless(error.message, error.status, source)

    def _answer_stateless(self, message: Message, status: int, source: Address) -> None:
        """Answer without a transaction what is whole enough to be answered (§8.2.7)."""
        if not isinstance(message, Request) or message.method == "ACK":
            return
        try:
            to = way_back(message, source)
            response = bare_answer(message, status)
            if status == 503:
                response.add("retry-after", RETRY_AFTER)
            self._agent.transmit(response, to)
        except (SipError, KeyError):  # no Via at all
            self._agent.counts.unmatched += 1

    # ------------------------------------------------------------ responses

    def _response(self, response: Response, source: Address, now: float) -> None:
        vias = response.headers["via"]
        if len(vias) > 1 or ("," in vias[0] and len(response.values("via")) != 1):
            self._agent.counts.unmatched += 1  # §8.1.3.3
        elif not self._agent.transactions.response(response, now):
            self._stray(response, source)

    def _stray(self, response: Response, source: Address) -> None:
        """No transaction knows it: end what an INVITE of ours began before a restart, ignore the rest."""
        agent = self._agent
        if response.status < 200 or response.cseq.method != "INVITE" or not agent.letterhead.is_ours(response):
            agent.counts.unmatched += 1
            return
        call = self._calls.get((response.call_id, response.from_tag, response.to_tag))
        if response.status >= 300:
            agent.transmit(_bare_ack(response), source)
        elif call is not None and call.dialog is not None:
            agent.write(agent.letterhead.ack(call.dialog, response.cseq.number), call.dialog.next_hop())
        else:
            agent.end_stray(response, source, None)

    # ------------------------------------------------------------ requests

    def _request(self, request: Request, source: Address, now: float) -> None:
        reply_to = mark_source(request, source)
        transactions = self._agent.transactions
        if transactions.repeated(request, now):
            if request.method == "ACK":
                self._agent.gate.settled(_offer_key(request))
            return
        if request.method == "ACK":
            self._ack(request, now)
            return
        for name in ("from", "to"):
            h.parse_name_addr(request.headers[name][0])
        if self._belongs(request) or self._is_taken_on(request, source, now):
            self._source = source
            transactions.accept(request, reply_to, now)

    def _belongs(self, request: Request) -> bool:
        """Whether a request is about a call that we know: those are served whatever else comes."""
        if request.method == "CANCEL":
            return self._agent.transactions.invite_of(request) is not None
        return self.call_of(request.call_id, request.to_tag, request.from_tag) is not None

    def _is_taken_on(self, request: Request, source: Address, now: float) -> bool:
        """Whether something new may begin; else it is dropped or refused, and nothing remembered of it."""
        gate, is_call = self._agent.gate, request.method == "INVITE"
        if gate.is_flood(source.host, now):
            return False
        if gate.is_too_much(source.host, is_call, len(self._agent.transactions), now):
            self._answer_stateless(request, 503, source)
            return False
        if is_call:
            gate.opened(_offer_key(request), source.host)
        return True

    def on_gone(self, transaction: Transaction) -> None:
        if transaction.request.method == "INVITE":
            self._agent.gate.settled(_offer_key(transaction.request))

    def _ack(self, ack: Request, now: float) -> None:
        call = self.call_of(ack.call_id, ack.to_tag, ack.from_tag)
        if call is None:
            self._agent.counts.unmatched += 1
        else:
            self._agent.gate.settled(_offer_key(ack))
            call.on_ack(ack, now)

    def on_accepted_ack(self, transaction: Transaction, ack: Request, now: float) -> None:
        self._ack(ack, now)

    def on_detour_closed(self, request: Request, refused: Address, to: Address) -> None:
        self._agent.avoid_tcp(refused)
        self._agent.letterhead.stamp(request, to)

    def on_request(self, transaction: Transaction, request: Request, now: float) -> None:
        """A new request, in its transaction. What the listener raises becomes 500 and goes on to the loop's edge."""
        try:
            self._dispatch(transaction, request, now)
        except BaseException:
            if transaction.is_unanswered:
                self._agent.reply(transaction, 500)
                if isinstance(transaction.user, ServerCall):
                    transaction.user.end_by_peer("error")
            raise

    def _dispatch(self, transaction: Transaction, request: Request, now: float) -> None:
        if request.method == "CANCEL":
            self._cancel(transaction, request)
        elif request.to_tag:
            self._inside(transaction, request, now)
        else:
            self._outside(transaction, request)

    def _cancel(self, transaction: Transaction, request: Request) -> None:
        invite = self._agent.transactions.invite_of(request)
        if invite is None:
            self._agent.reply(transaction, 481)
            return
        call = invite.user
        tag = call.dialog.local_tag if isinstance(call, ServerCall) and call.dialog is not None else None
        self._agent.reply(transaction, 200, to_tag=tag)
        if isinstance(call, ServerCall):
            call.on_cancel()

    def _inside(self, transaction: Transaction, request: Request, now: float) -> None:
        call = self.call_of(request.call_id, request.to_tag, request.from_tag)
        if call is None:
            self._agent.reply(transaction, 481)
        else:
            serve(call, transaction, request, now)

    def _outside(self, transaction: Transaction, request: Request) -> None:
        refused = refusal(request, registers=True)
        if refused is not None:
            self._agent.reply(transaction, refused[0], headers=refused[1])
        elif request.method == "INVITE":
            self._offer(transaction, request)
        elif request.method == "OPTIONS":
            self._agent.reply(transaction, 200, headers=[("accept", SDP)])
        elif request.method == "REGISTER":
            self._register(transaction, request)
        else:
            self._agent.reply(transaction, 603 if request.method == "REFER" else 481)

    def _register(self, transaction: Transaction, request: Request) -> None:
        response = self._agent.listener.on_register(request, self._source)
        if response is None:
            self._agent.reply(transaction, 405)
        else:
            transaction.respond(response, self._agent.now())

    def _offer(self, transaction: Transaction, request: Request) -> None:
        agent = self._agent
        key = _offer_key(request)
        if key in self._offered:
            agent.reply(transaction, 482)  # §8.2.2.2: the same call by another way
            return
        peer = agent.peers(self._source)
        try:
            dialog = Dialog.of_request(request, secrets.token_hex(6), self._source)
            replaces = replaced(self, peer, request)
        except (BadMessage, Refused) as error:
            agent.reply(transaction, error.status)
            return
        call = ServerCall(agent, transaction, request, dialog, trusted=peer is not None and peer.trusted)
        call.replaces = replaces
        transaction.user = call
        self._offered[key] = call
        self.remember(call)
        agent.listener.on_offered(call)
        if call.is_trying and transaction.state is State.IS_PROCEEDING:
            transaction.respond(request.reply(100), agent.now())

    # ------------------------------------------------------------ after a crash

    async def end_lost(
        self, dialog: Dialog, cseq: int, request_uri: str, credentials: Credentials | None, *, answered: bool
    ) -> None:
        """See `UserAgent.end_lost`."""
        if not answered:
            cancels = [self._lost_cancel(dialog, number, request_uri) for number in range(cseq, cseq + _TIMES_SENT)]
            await asyncio.gather(*(self._agent.ask(cancel, dialog.fallback) for cancel in cancels))
        if dialog.remote_tag:
            bye = dialog.request("BYE", dialog.next_cseq())
            await self._agent.ask(bye, dialog.next_hop(), credentials)

    def _lost_cancel(self, dialog: Dialog, cseq: int, request_uri: str) -> Request:
        """To where the INVITE went, with the branch that it had before anybody had a To tag (§9.1)."""
        invite = dialog.request("INVITE", cseq).prime(cseq, dialog.local_tag, "")
        invite.uri = request_uri
        invite.headers["to"] = [dialog.remote]
        invite.headers.pop("route", None)
        self._agent.letterhead.stamp(invite, dialog.fallback)
        return cancel_for(invite)


_TIMES_SENT = MAX_ANSWERS + 2
"""How often an INVITE is sent at most, with a CSeq of its own each time: it, the answers to challenges, and one more
for a longer session (422)."""


def _offer_key(request: Request) -> OfferKey:
    return request.call_id, request.from_tag, request.cseq.number


def _bare_ack(response: Response) -> Request:
    """The ACK of a refusal whose INVITE is forgotten; peers match it by its branch."""
    number = response.cseq.number
    fields = {name: response.headers[name] for name in ("from", "to", "call-id")}
    fields = {"via": [response.headers["via"][0]], **fields, "cseq": [f"{number} INVITE"]}
    return ack_for(Request("INVITE", "sip:lost.invalid", fields), response)
