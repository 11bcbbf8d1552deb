"""The table of legs on the line, and what the user agent says of their calls, as the engine's events."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial

from dialer.digits import Way
from dialer.legs import LineLeg, dialog_of
from dialer.line_events import (
    LegAnswered,
    LegDigit,
    LegEnded,
    LegFailed,
    LegHeld,
    LegOffered,
    LegResumed,
    LegRinging,
    LegTransferAsked,
    LineEvent,
    TrunkMoved,
)
from dialer.ports import Clock
from dialer.shapes import LegId
from dialer.trunks import Trunk, TrunkWatch, peer_of
from kit import ids, log, metrics
from media.errors import MediaError
from media.interface import Figures, Media, Sound
from sip.agent import UserAgent
from sip.call import Call
from sip.client_call import ClientCall
from sip.errors import BadMessage, BadSdp, SipError, WrongState
from sip.identity import number_in
from sip.listener import Listener
from sip.message import Response
from sip.referral import TransferRequest
from sip.sdp import SessionDescription
from sip.server_call import ServerCall
from sip.tls import Tls
from sip.uri import Uri, is_number

_log = log.get("dialer.lines")
LEGS = metrics.gauge("legs", "Legs on the line, ringing or answered", ("trunk",))
REFUSED = metrics.counter(
    "offers_refused",
    "Incoming calls whose sound cannot be used",
    ("status",),
)

NOT_ACCEPTABLE, NOT_NOW, CANCELLED, DECLINED = 488, 503, 487, 603
_LINE_CAUSES = frozenset({"no ack", "timeout", "gone", "transport", "session ran out"})
"""Ends that nobody wanted, whoever sent the BYE."""


class Switchboard(Listener):
    """Every leg, by its id and by its SIP call."""

    def __init__(
        self,
        trunks: Sequence[Trunk],
        clock: Clock,
        *,
        media: Media,
        bind: tuple[str, int],
        advertise: tuple[str, int] | None,
        media_advertise: str | None,
        user_agent: str,
        unknown_peer: str,
        tls: Tls | None,
    ) -> None:
        self._clock, self._media, self._media_advertise = clock, media, media_advertise
        self._watches = [TrunkWatch(trunk, self._trunk_moved) for trunk in trunks]
        self._agent = UserAgent(
            bind,
            peers=lambda source: peer_of(self._watches, source),
            listener=self,
            user_agent=user_agent,
            advertise=advertise,
            unknown_peer=unknown_peer,
            tls=tls,
        )
        self._listener: Callable[[LineEvent], None] | None = None
        self._legs: dict[LegId, LineLeg] = {}
        self._by_call: dict[Call, LineLeg] = {}

    def _watch(self, trunk: str) -> TrunkWatch:
        found = next((w for w in self._watches if w.trunk.name == trunk), None)
        if found is None:
            raise LookupError(f"There is no trunk {trunk!r}: name one of the configuration.")
        return found

    def _trunk_moved(self, watch: TrunkWatch) -> None:
        self._tell(TrunkMoved(watch.state))

    # ------------------------------------------------------------ what the user agent says

    def on_progress(self, call: ClientCall, status: int, response: Response) -> None:
        leg = self._by_call.get(call)
        if leg is not None and status > 100:
            self._tell(LegRinging(leg.id, status, leg.learn()))

    def on_answered(self, call: ClientCall, response: Response) -> None:
        at = self._clock.monotonic()
        leg = self._by_call.get(call)
        if leg is None:
            call.hang_up()
            return
        try:
            leg.their_answer(call.remote_sdp)
        except (MediaError, SipError) as error:
            _log.warning("an answer's sound cannot be used; the call is ended", trunk=leg.trunk, error=str(error))
            self._drop(leg)
            call.hang_up("no usable sound")
            self._tell(LegFailed(leg.id, NOT_ACCEPTABLE, str(error)))
            return
        leg.answered, leg.answered_at = True, asyncio.get_running_loop().time()
        self._tell(LegAnswered(leg.id, leg.learn(), at))

    def on_failed(self, call: ClientCall, status: int, reason: str) -> None:
        leg = self._by_call.get(call)
        if leg is None:
            return
        self._drop(leg)
        nothing_came = call.final is None and status != CANCELLED
        self._tell(LegFailed(leg.id, 0 if nothing_came else status, reason, call.retry_after, leg.targets))

    def on_redirected(self, call: ClientCall, targets: list[str]) -> None:
        leg = self._by_call.get(call)
        if leg is not None:
            leg.targets = tuple(number for target in targets if (number := number_in(target)) is not None)

    def on_offered(self, call: ServerCall) -> None:
        if self._listener is None or call.replaces is not None:  # a call that takes another's place is none of ours
            self._refuse(call, NOT_NOW if call.replaces is None else DECLINED)
            return
        trunk = self._trunk_of(call)
        try:
            offer = SessionDescription.parse(call.remote_sdp) if call.remote_sdp else None
            sound = self._open_sound(trunk)
        except (MediaError, SipError) as error:
            _log.warning("an incoming call's sound cannot be used", trunk=trunk, error=str(error))
            self._refuse(call, NOT_ACCEPTABLE if isinstance(error, SipError) else NOT_NOW)
            return
        leg = LineLeg(LegId(ids.new()), trunk, dialog_of(call, trunk, self._agent.local_address), sound, offer=offer)
        self._add(leg, call)
        diverted = tuple(call.diverted_by)
        self._tell(LegOffered(leg.id, trunk, call.number, _called(call), call.name, call.is_withheld, diverted))

    def on_confirmed(self, call: ServerCall) -> None:
        leg = self._by_call.get(call)
        if leg is None or leg.answered:
            return
        leg.answered, leg.answered_at = True, asyncio.get_running_loop().time()
        try:
            if leg.offer is None:
                leg.their_answer(call.remote_sdp)
        except (MediaError, SipError) as error:
            _log.warning("a caller's sound cannot be used; the call is ended", trunk=leg.trunk, error=str(error))
            leg.sound.part()
            call.hang_up("no usable sound")
            return
        self._tell(LegAnswered(leg.id, leg.learn(), self._clock.monotonic()))

    def on_ended(self, call: Call, by_us: bool, cause: str) -> None:
        leg = self._by_call.get(call)
        if leg is None:
            return
        lost = cause in _LINE_CAUSES
        if leg.answered:
            self._end(leg, by_us and not lost, cause if by_us or lost else "bye")
        else:
            self._drop(leg)
            self._tell(LegFailed(leg.id, CANCELLED, cause))

    def on_reoffer(self, call: Call, sdp: bytes) -> bytes | None:
        leg = self._by_call.get(call)
        if leg is None:
            return None
        held = leg.sound.held
        try:
            return leg.our_answer(SessionDescription.parse(sdp)) if sdp else leg.our_offer()
        except (MediaError, SipError) as error:
            _log.warning("a re-INVITE's sound cannot be used; the former stays", trunk=leg.trunk, error=str(error))
            raise BadSdp(str(error)) from error
        finally:
            self._tell_hold(leg, held)

    def on_renegotiated(self, call: Call) -> None:
        """Who answers a refresh, or the offer that it asked for, may have moved its sound or changed its keys."""
        leg = self._by_call.get(call)
        if leg is None:
            return
        held = leg.sound.held
        try:
            leg.their_answer(call.remote_sdp)
        except (MediaError, SipError) as error:
            _log.warning("an answer's sound cannot be used; the former stays", trunk=leg.trunk, error=str(error))
        self._tell_hold(leg, held)

    def _tell_hold(self, leg: LineLeg, before: bool) -> None:
        if leg.sound.held is not before:
            self._soon(LegResumed(leg.id) if before else LegHeld(leg.id))

    def on_digit(self, call: Call, digit: str, duration_ms: int) -> None:
        leg = self._by_call.get(call)
        if leg is not None:
            self._digit(leg, Way.INFO, digit)

    def _digit(self, leg: LineLeg, way: Way, key: str) -> None:
        if leg.digits.is_new(key, way, self._clock.monotonic()):
            self._tell(LegDigit(leg.id, key))

    def on_refer(self, call: Call, asked: TransferRequest) -> None:
        """Who takes it on says so at once; a call of theirs that we should take over (Replaces) is none of ours."""
        leg, target = self._by_call.get(call), user_of(asked.target)
        if leg is not None and asked.replaces is None and target:
            leg.transfer = asked
            self._tell(LegTransferAsked(leg.id, target))
        if asked.is_open:
            asked.refuse()

    def _trunk_of(self, call: ServerCall) -> str:
        """By host, transport and port as far as they tell: who connects to us has any port."""
        assert call.dialog is not None
        source = call.dialog.fallback
        found = [w for w in self._watches if w.owns(source)]
        alike = [w for w in found if w.trunk.transport == source.transport]
        exact = [w for w in alike if w.trunk.port == source.port]
        return (exact or alike or found or self._watches)[0].trunk.name

    def _refuse(self, call: ServerCall, status: int) -> None:
        REFUSED.labels(str(status)).inc()
        try:
            call.refuse(status)
        except WrongState:
            call.hang_up()

    # ------------------------------------------------------------ the table of legs

    def _open_sound(self, trunk: str) -> Sound:
        """A leg as its trunk wants it. Raises MediaError."""
        encryption = self._watch(trunk).trunk.srtp
        return self._media.open(advertise=self._media_advertise, encryption=encryption)

    def _add(self, leg: LineLeg, call: Call) -> None:
        leg.call = call
        leg.sound.on_dtmf = partial(self._digit, leg, Way.SOUND)
        self._legs[leg.id] = self._by_call[call] = leg
        self._watch(leg.trunk).in_use += 1
        LEGS.labels(leg.trunk).inc()

    def _end(self, leg: LineLeg, by_us: bool, cause: str) -> None:
        """An answered leg is over; that is told with its last figures."""
        self._drop(leg, lambda figures: self._tell(LegEnded(leg.id, by_us, cause, leg.how_it_sounded(figures))))

    def _drop(self, leg: LineLeg, on_closed: Callable[[Figures], None] | None = None) -> None:
        if self._legs.pop(leg.id, None) is None:
            return
        if leg.call is not None:
            self._by_call.pop(leg.call, None)
        self._watch(leg.trunk).in_use -= 1
        LEGS.labels(leg.trunk).dec()
        leg.sound.close(on_closed)

    def _tell(self, event: LineEvent) -> None:
        if self._listener is not None:
            self._listener(event)

    def _soon(self, event: LineEvent) -> None:
        asyncio.get_running_loop().call_soon(self._tell, event)


def user_of(uri: str) -> str:
    """Whom a URI names; "" when it cannot be read."""
    try:
        return Uri.parse(uri).plain_user
    except BadMessage:
        return ""


def _called(call: ServerCall) -> str:
    """The number called: of the Request-URI, or of To when a trunk calls our contact as it is."""
    if is_number(call.called) or call.dialog is None:
        return call.called
    user = Uri.parse(call.dialog.local_uri).plain_user
    return user if is_number(user) else call.called
