"""The port `Lines` on real telephone lines: SIP for the calls, RTP for their sound.

lines = SipLines((Trunk("pbx", "127.0.0.1"),), clock, ports=PortRange("127.0.0.1", 30000, 31999))
await lines.start()
…                       # the engine listens, dials, joins
await lines.stop()
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from dialer.errors import CannotMonitor, KeysNotTaken
from dialer.legs import LineLeg, sound_file
from dialer.line_events import (
    LegBeeped,
    LegFailed,
    LegJudged,
    LineEvent,
    MonitorEnded,
    PromptEnded,
    TrunkState,
)
from dialer.ports import Clock, RecordingSink
from dialer.shapes import AttemptId, DialogRef, DialogSeed, LegId, MonitorMode
from dialer.switchboard import NOT_ACCEPTABLE, NOT_NOW, Switchboard
from dialer.trunks import Trunk, TrunkWatch
from kit import log
from kit.tasks import Tasks
from media.detector import Verdict
from media.errors import MediaError
from media.inproc import InProcess
from media.monitor import Mode
from media.player import prompt as own_prompt
from media.ports import PortRange
from media.workers import Workers
from sip.agent import UserAgent
from sip.call import NOBODY, UNKNOWN_CALL
from sip.errors import SipError, WrongState
from sip.tls import Tls
from sip.transport import Address
from sip.uri import Uri, for_number

_log = log.get("dialer.lines")
_LISTEN_S = 2.0
ASK_S = 10.0
"""How often the far end of an answered leg in no bridge, which may be silent, is asked whether the call still is."""
_PATIENCE = 0.4
"""The part of that time in which an answer is waited for: two silences in a row end before the next turn."""
_SILENCES = 2
_SLICES = 20
_LOOK_AGAIN_S, _LOOKS = 5.0, 120
"""A trunk whose name server fails is looked for so often, when lost calls are to be ended there: for ten minutes."""


class SipLines(Switchboard):
    """Telephone lines and their sound. All methods belong to the loop that `start` ran on.

    `bind`, `advertise`: of SIP; `media_advertise`: the address that SDP names. `language`: of the prompts.
    `prompts`: folders with the company's own, looked at first. `silence_s`: a joined leg from which nothing is
    heard so long is ended as `rtp_timeout`; 0: never. `ask_s`: how often a leg in no bridge is asked after; one that
    the other side does not know, or for which nobody answers twice in a row, is ended as `gone`; 0: never. `tls`:
    what trunks by TLS need. `workers`: processes for the sound, 0: it is on the loop of `start`.
    """

    def __init__(
        self,
        trunks: Sequence[Trunk],
        clock: Clock,
        *,
        ports: PortRange,
        bind: tuple[str, int] = ("127.0.0.1", 0),
        advertise: tuple[str, int] | None = None,
        media_advertise: str | None = None,
        user_agent: str = "Ahize",
        unknown_peer: str = "drop",
        language: str = "tr",
        prompts: tuple[Path, ...] = (),
        silence_s: float = 20.0,
        ask_s: float = ASK_S,
        tls: Tls | None = None,
        workers: int = 0,
    ) -> None:
        super().__init__(
            trunks,
            clock,
            media=Workers(ports, workers) if workers else InProcess(ports),
            bind=bind,
            advertise=advertise,
            media_advertise=media_advertise,
            user_agent=user_agent,
            unknown_peer=unknown_peer,
            tls=tls,
        )
        self._language, self._prompts, self._silence_s, self._ask_s = language, prompts, silence_s, ask_s
        self._tasks = Tasks()

    @property
    def agent(self) -> UserAgent:
        """The user agent, for its counts."""
        return self._agent

    async def start(self) -> None:
        """Open the sockets and look for the trunks. Raises OSError when the address cannot be had, `sip.SipError` when
        the files for TLS cannot be used, NoSoundProcess."""
        await self._media.start()
        try:
            await self._agent.start()
        except (OSError, SipError):
            await self._media.stop()
            raise
        for watch in self._watches:
            watch.start(self._agent, self._tasks)
        if self._silence_s > 0:
            self._tasks.spawn(self._listen_for_silence(), "rtp_silence")
        if self._ask_s > 0:
            self._tasks.spawn(self._ask_after_idle_legs(), "idle_legs")

    async def stop(self) -> None:
        """End what is left, unregister, close every socket."""
        await self._tasks.close()
        await self._agent.stop()
        for leg in list(self._legs.values()):
            self._drop(leg)
        await self._media.stop()

    # ------------------------------------------------------------ trunks

    def listen(self, listener: Callable[[LineEvent], None]) -> None:
        self._listener = listener

    def trunks(self) -> Sequence[TrunkState]:
        return [watch.state for watch in self._watches]

    # ------------------------------------------------------------ calls that we place

    def prepare(self, trunk: str, number: str, caller_id: str) -> DialogRef:
        watch = self._watch(trunk)
        host, port = watch.trunk.host, watch.trunk.port
        call_id, from_tag, cseq = self._agent.seed()
        return DialogRef(
            DialogSeed(call_id, from_tag, cseq, self._agent.local_address),
            trunk,
            for_number(number, host if port == 5060 else f"{host}:{port}"),
            str(Uri("sip", host, caller_id)),
            for_number(number, host),
        )

    def dial(self, leg: LegId, dialog: DialogRef, attempt: AttemptId) -> None:
        watch = self._watch(dialog.trunk)
        try:
            self._invite(leg, dialog, watch)
        except (MediaError, SipError) as error:
            _log.warning("a call could not be sent", attempt=attempt, trunk=dialog.trunk, error=str(error))
            self._soon(LegFailed(leg, NOT_NOW, str(error)))

    def _invite(self, leg: LegId, dialog: DialogRef, watch: TrunkWatch) -> None:
        if watch.address is None:
            raise SipError("the trunk's address is not known")
        mine = LineLeg(leg, dialog.trunk, dialog, self._open_sound(dialog.trunk))
        try:
            call = self._agent.invite(
                dialog.request_uri,
                from_uri=dialog.from_uri,
                to_uri=dialog.to_uri,
                call_id=dialog.seed.call_id,
                from_tag=dialog.seed.from_tag,
                cseq=dialog.seed.cseq,
                sdp=mine.our_offer(),
                destination=watch.address,
                account=watch.trunk.account,
            )
        except SipError:
            mine.sound.close()
            raise
        self._add(mine, call)

    def cancel(self, leg: LegId) -> None:
        mine = self._legs.get(leg)
        if mine is not None and mine.client is not None:
            mine.client.cancel()

    def hang_up(self, leg: LegId) -> None:
        mine = self._legs.get(leg)
        if mine is not None and mine.call is not None:
            mine.sound.part()
            mine.sound.stop_recording()
            mine.call.hang_up()

    def end_lost(self, dialog: DialogRef, *, answered: bool) -> None:
        watch = self._watch(dialog.trunk)
        self._tasks.spawn(self._end_lost(dialog, watch, answered), "end_lost")

    async def _end_lost(self, dialog: DialogRef, watch: TrunkWatch, answered: bool) -> None:
        if dialog.seed.local_address != self._agent.local_address:
            _log.warning("a lost call came from another address; its end may not be understood", trunk=dialog.trunk)
        to = await self._where(watch)
        if to is None:
            _log.warning("a lost call cannot be ended: the trunk's address is not known", trunk=dialog.trunk)
            return
        await self._agent.end_lost(
            call_id=dialog.seed.call_id,
            from_tag=dialog.seed.from_tag,
            cseq=dialog.seed.cseq,
            from_uri=dialog.from_uri,
            to_uri=dialog.to_uri,
            request_uri=dialog.request_uri,
            destination=to,
            to_tag=dialog.to_tag,
            remote_target=dialog.remote_target,
            route_set=dialog.route_set,
            answered=answered,
            account=watch.trunk.account,
        )

    async def _where(self, watch: TrunkWatch) -> Address | None:
        """Where the trunk is, as soon as a name server says so; None: none did for long."""
        trunk = watch.trunk
        for _ in range(_LOOKS):
            if watch.address is not None:
                return watch.address
            try:
                return await self._agent.resolve(trunk.host, trunk.port, trunk.transport)
            except OSError:
                await asyncio.sleep(_LOOK_AGAIN_S)
        return None

    # ------------------------------------------------------------ calls that come in

    def ring(self, leg: LegId) -> None:
        mine = self._legs.get(leg)
        if mine is not None and mine.server is not None and not mine.answered:
            mine.server.ring()

    def accept(self, leg: LegId) -> None:
        mine = self._legs.get(leg)
        if mine is None or mine.server is None:
            return
        try:
            mine.server.answer(mine.our_answer(mine.offer) if mine.offer is not None else mine.our_offer())
        except (MediaError, SipError) as error:
            _log.warning("an incoming call could not be answered", trunk=mine.trunk, error=str(error))
            self._refuse(mine.server, NOT_ACCEPTABLE)

    def refuse(self, leg: LegId, status: int) -> None:
        mine = self._legs.get(leg)
        if mine is not None and mine.server is not None:
            self._refuse(mine.server, status)

    # ------------------------------------------------------------ sound

    def join(self, a: LegId, b: LegId) -> None:
        first, second = self._legs.get(a), self._legs.get(b)
        if first is None or second is None:
            return  # its end is on the way
        first.sound.join(second.sound)
        first.joined_at = second.joined_at = asyncio.get_running_loop().time()

    def part(self, leg: LegId) -> None:
        mine = self._legs.get(leg)
        if mine is not None:
            mine.sound.part()

    def play(self, leg: LegId, prompt: str, *, repeat: bool = False) -> None:
        mine = self._legs.get(leg)
        if mine is None:
            return

        def ended(error: LookupError | MediaError | None) -> None:
            if error is not None:
                _log.error("a prompt cannot be played", setting=prompt, error=str(error))
            if not repeat:
                self._tell(PromptEnded(leg, prompt))

        try:
            source = sound_file(prompt, self._prompts) or own_prompt(prompt, self._language)
            mine.sound.play(source, repeat=repeat, on_end=ended)
        except (LookupError, MediaError) as error:
            asyncio.get_running_loop().call_soon(ended, error)

    def mute(self, leg: LegId, *, muted: bool) -> None:
        mine = self._legs.get(leg)
        if mine is not None:
            mine.sound.mute(muted=muted)

    def press(self, leg: LegId, keys: str) -> None:
        mine = self._legs.get(leg)
        try:
            if mine is not None:
                mine.press(keys)
        except (MediaError, SipError) as error:
            raise KeysNotTaken from error

    def monitor(self, supervisor: LegId, operator: LegId, mode: MonitorMode) -> None:
        mine, talking = self._legs.get(supervisor), self._legs.get(operator)
        if mine is None or talking is None:
            raise CannotMonitor
        try:
            mine.sound.monitor(talking.sound, Mode(mode), lambda: self._tell(MonitorEnded(supervisor)))
        except MediaError as error:
            raise CannotMonitor from error

    def stop_monitoring(self, supervisor: LegId) -> None:
        mine = self._legs.get(supervisor)
        if mine is not None:
            mine.sound.stop_monitoring()

    def tell_transfer(self, leg: LegId, status: int) -> None:
        mine = self._legs.get(leg)
        asked = mine.transfer if mine is not None else None
        if asked is None:
            return
        if not asked.is_open:
            asked.tell(status)
        elif status < 300:
            asked.accept()
        else:
            asked.refuse(status)

    def judge(self, leg: LegId, measures: Mapping[str, float]) -> None:
        def judged(verdict: Verdict) -> None:
            self._tell(LegJudged(leg, verdict.heard.value, verdict.confidence, verdict.reason, verdict.at_s))

        mine = self._legs.get(leg)
        if mine is not None:
            mine.sound.judge(measures, judged, lambda: self._tell(LegBeeped(leg)))

    def record(self, leg: LegId, sink: RecordingSink) -> None:
        mine = self._legs.get(leg)
        if mine is not None:
            mine.sound.record(sink)
        else:  # its end is on the way
            sink.begin("PCMA")
            sink.finish(b"")

    def pause_recording(self, leg: LegId, *, paused: bool) -> None:
        mine = self._legs.get(leg)
        if mine is not None:
            mine.sound.pause(paused=paused)

    async def _listen_for_silence(self) -> None:
        while True:
            await asyncio.sleep(_LISTEN_S)
            for leg in self._dead_legs(asyncio.get_running_loop().time()):
                self._silent(leg)

    def _dead_legs(self, now: float) -> list[LineLeg]:
        """Silent for too long. When a whole trunk dies both ends of a bridge are, and nobody is left to wait: all are
        found before the first is ended, the customer's before the operator's, which is older."""
        quiet = {id(leg.sound): now - since for leg in self._legs.values() if (since := leg.silent_since()) is not None}
        newest_first = reversed(self._legs.values())
        return [leg for leg in newest_first if self._is_dead(quiet, leg)]

    def _is_dead(self, quiet: dict[int, float], leg: LineLeg) -> bool:
        own, other = quiet.get(id(leg.sound), 0.0), quiet.get(id(leg.sound.joined), 0.0)
        return own > self._silence_s or (other > self._silence_s and own > self._silence_s - _LISTEN_S)

    def _silent(self, leg: LineLeg) -> None:
        _log.warning("nothing was heard of a leg; it is ended", leg=leg.id, trunk=leg.trunk)
        self._lose(leg, "no RTP", "rtp_timeout")

    def _lose(self, leg: LineLeg, reason: str, cause: str) -> None:
        call = leg.call
        self._end(leg, False, cause)
        if call is not None:
            call.hang_up(reason)

    # ------------------------------------------------------------ legs that may be silent

    async def _ask_after_idle_legs(self) -> None:
        while True:
            await asyncio.sleep(self._ask_s / _SLICES)
            now = asyncio.get_running_loop().time()
            for leg in self._legs.values():
                if leg.answered and leg.comes_round(now, self._ask_s) and leg.sound.joined is None:
                    self._tasks.spawn(self._ask_after(leg), "idle_leg")

    async def _ask_after(self, leg: LineLeg) -> None:
        """RFC 3261 §12.2.1.2: 481 and silence end a dialog, every other answer is a sign of its life."""
        for _ in range(_SILENCES):
            status = await self._asked(leg)
            if status == UNKNOWN_CALL:
                break
            if status != NOBODY or leg.sound.joined is not None:
                return
        if leg.id in self._legs:
            _log.warning("the other side does not know a leg any more; it is ended", leg=leg.id, trunk=leg.trunk)
            self._lose(leg, "gone", "gone")

    async def _asked(self, leg: LineLeg) -> int | None:
        """The answer; None: the call ended meanwhile. A silence takes its whole time: a connection that cannot be made
        says so at once, and may be there again in a moment."""
        loop, patience = asyncio.get_running_loop(), self._ask_s * _PATIENCE
        ends = loop.time() + patience
        try:
            status = await leg.call.probe(patience) if leg.call is not None else None
        except WrongState:
            return None
        if status == NOBODY:
            await asyncio.sleep(ends - loop.time())
        return status
