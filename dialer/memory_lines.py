"""Telephone lines in memory: far ends that follow a script, on the running loop's clock."""

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from dialer.errors import CannotMonitor, KeysNotTaken
from dialer.facts import LegSound
from dialer.line_events import (
    LegAnswered,
    LegBeeped,
    LegDigit,
    LegEnded,
    LegFailed,
    LegHeld,
    LegJudged,
    LegOffered,
    LegResumed,
    LegRinging,
    LegTransferAsked,
    LineEvent,
    MonitorEnded,
    PromptEnded,
    TrunkMoved,
    TrunkState,
)
from dialer.ports import RecordingSink
from dialer.shapes import AttemptId, DialogRef, DialogSeed, LegId, MonitorMode, Reason

_NETWORK_S = 0.02


@dataclass(frozen=True, slots=True)
class FarEnd:
    """What a number does. Seconds from the INVITE; `status` 200: answers, 0: nothing ever comes back.

    `talk_s`: hangs up so long after the answer (None: never). `late`: its 200 OK crosses our CANCEL.
    `heard`: what a detector hears `heard_after_s` after the answer; `beep_s`: when its beep is over (None: never).
    `sound`: how the call sounded. `targets`: where else a 3xx says to call. `keys`: whether it takes keys.
    """

    status: int = 200
    after_s: float = 5.0
    rings_after_s: float | None = 1.0
    talk_s: float | None = None
    late: bool = False
    retry_after: float | None = None
    heard: str = "human"
    heard_after_s: float = 1.2
    beep_s: float | None = None
    sound: LegSound | None = None
    targets: tuple[str, ...] = ()
    keys: bool = True


ANSWERS = FarEnd()
SILENT = FarEnd(status=0, after_s=32.0, rings_after_s=None)
RINGS_ON = FarEnd(status=487, after_s=1e9)
BUSY = FarEnd(status=486, after_s=1.5, rings_after_s=None)
PHONE = FarEnd(after_s=0.2, rings_after_s=0.1)


@dataclass(slots=True, eq=False)
class MemoryLeg:
    """A leg as the far end sees it. `state`: dialing, offered, up, over."""

    id: LegId
    trunk: str
    number: str
    far: FarEnd
    dialog: DialogRef | None = None
    attempt: AttemptId | None = None
    state: str = "dialing"
    joined: LegId | None = None
    prompt: str | None = None
    cancelled: bool = False
    sink: RecordingSink | None = None
    paused: bool = False
    muted: bool = False
    pressed: str = ""
    monitors: LegId | None = None  # the operator's leg, of a supervisor's
    mode: MonitorMode | None = None
    transfer: list[int] = field(default_factory=list[int])  # what it was told of the transfer that it asked for


class MemoryLines:
    """The port `Lines`. `far(number)` says what a number does; `sent` keeps every INVITE in order."""

    def __init__(self, far: Callable[[str], FarEnd], trunks: tuple[TrunkState, ...], *, prompt_s: float = 3.0) -> None:
        self._far = far
        self._trunks = {t.name: t for t in trunks}
        self._listener: Callable[[LineEvent], None] | None = None
        self._serial = 0
        self._ears: dict[LegId, LegId] = {}
        self.prompt_s = prompt_s
        self.legs: dict[LegId, MemoryLeg] = {}
        self.sent: list[tuple[float, str, AttemptId]] = []
        self.on_trunk: dict[str, FarEnd] = {}
        """What becomes of every customer's call by a trunk, whoever is called."""
        self.played: list[tuple[str, str]] = []
        self.refused: list[tuple[LegId, int]] = []
        self.ended_lost: list[tuple[DialogRef, bool]] = []
        self.judging: list[tuple[str, dict[str, float]]] = []
        self.joins: list[tuple[LegId, LegId]] = []

    # ------------------------------------------------------------ the port

    def listen(self, listener: Callable[[LineEvent], None]) -> None:
        self._listener = listener

    def trunks(self) -> list[TrunkState]:
        used: dict[str, int] = {}
        for leg in self.legs.values():
            used[leg.trunk] = used.get(leg.trunk, 0) + 1
        return [replace(t, in_use=used.get(t.name, 0)) for t in self._trunks.values()]

    def prepare(self, trunk: str, number: str, caller_id: str) -> DialogRef:
        if trunk not in self._trunks:
            raise LookupError(trunk)
        self._serial += 1
        seed = DialogSeed(f"call-{self._serial}", f"tag-{self._serial}", 1, "127.0.0.1:5060")
        return DialogRef(seed, trunk, f"sip:{number}@far", f"sip:{caller_id}@here", f"sip:{number}@far")

    def dial(self, leg: LegId, dialog: DialogRef, attempt: AttemptId) -> None:
        number = dialog.request_uri.removeprefix("sip:").removesuffix("@far")
        far = self._far(number) if is_phone(number) else self.on_trunk.get(dialog.trunk) or self._far(number)
        made = MemoryLeg(leg, dialog.trunk, number, far, dialog, attempt)
        self.legs[leg] = made
        self.sent.append((asyncio.get_running_loop().time(), number, attempt))
        if made.far.rings_after_s is not None and made.far.rings_after_s < made.far.after_s:
            self._later(made.far.rings_after_s, self._ring, made)
        self._later(made.far.after_s, self._final, made)

    def cancel(self, leg: LegId) -> None:
        mine = self.legs.get(leg)
        if mine is None or mine.state != "dialing":
            return
        mine.cancelled = True
        wait = max(_NETWORK_S, mine.far.after_s) if mine.far.status == 0 else _NETWORK_S
        self._later(wait, self._cancelled, mine)

    def hang_up(self, leg: LegId) -> None:
        mine = self.legs.get(leg)
        if mine is not None and mine.state == "up":
            self.part(leg)
            self._later(_NETWORK_S, self._over, mine, True, "bye")
        elif mine is not None:
            self.cancel(leg)

    def ring(self, leg: LegId) -> None:
        """Nobody listens to the ringing."""

    def accept(self, leg: LegId) -> None:
        mine = self.legs.get(leg)
        if mine is not None and mine.state == "offered":
            self._later(_NETWORK_S, self._up, mine)

    def refuse(self, leg: LegId, status: int) -> None:
        self.refused.append((leg, status))
        self.legs.pop(leg, None)

    def join(self, a: LegId, b: LegId) -> None:
        self.part(a)
        self.part(b)
        self.legs[a].joined, self.legs[b].joined = b, a
        self.joins.append((a, b))

    def part(self, leg: LegId) -> None:
        mine = self.legs.get(leg)
        if mine is None:
            return
        other = self.legs.get(mine.joined) if mine.joined is not None else None
        if other is not None:
            other.joined = None
            other.muted = False
        mine.joined = mine.prompt = None
        mine.muted = False
        ends = {leg, other.id} if other is not None else {leg}
        for ear in [ear for ear, operator in self._ears.items() if ear == leg or operator in ends]:
            self.stop_monitoring(ear)

    def play(self, leg: LegId, prompt: str, *, repeat: bool = False) -> None:
        mine = self.legs.get(leg)
        if mine is None:
            return
        self.part(leg)
        mine.prompt = prompt
        self.played.append((mine.number, prompt))
        if not repeat:
            self._later(self.prompt_s, self._prompt_over, mine, prompt)

    def mute(self, leg: LegId, *, muted: bool) -> None:
        self.legs[leg].muted = muted and self.legs[leg].joined is not None

    def press(self, leg: LegId, keys: str) -> None:
        if not self.legs[leg].far.keys:
            raise KeysNotTaken
        self.legs[leg].pressed += keys

    def monitor(self, supervisor: LegId, operator: LegId, mode: MonitorMode) -> None:
        mine, talking = self.legs[supervisor], self.legs.get(operator)
        others = (leg for leg in self.legs.values() if leg is not mine)
        if talking is None or talking.joined is None or any(leg.monitors == operator for leg in others):
            raise CannotMonitor
        mine.monitors, mine.mode = operator, mode
        self._ears[supervisor] = operator

    def stop_monitoring(self, supervisor: LegId) -> None:
        mine = self.legs.get(supervisor)
        if mine is not None and mine.monitors is not None:
            mine.monitors = mine.mode = None
            del self._ears[supervisor]
            asyncio.get_running_loop().call_soon(self._tell_unmonitored, mine)

    def _tell_unmonitored(self, leg: MemoryLeg) -> None:
        if leg.monitors is None:
            self._tell(MonitorEnded(leg.id))

    def tell_transfer(self, leg: LegId, status: int) -> None:
        mine = self.legs.get(leg)
        if mine is not None:
            mine.transfer.append(status)

    def judge(self, leg: LegId, measures: Mapping[str, float]) -> None:
        mine = self.legs[leg]
        self.judging.append((mine.number, dict(measures)))
        in_time = mine.far.heard_after_s <= measures["total_s"]
        heard = mine.far.heard if in_time else "human"
        self._later(min(mine.far.heard_after_s, measures["total_s"]), self._judged, mine, heard)
        if mine.far.beep_s is not None and in_time:
            self._later(mine.far.beep_s, self._heard, mine, LegBeeped(leg))

    def record(self, leg: LegId, sink: RecordingSink) -> None:
        sink.begin("PCMA")
        self.legs[leg].sink = sink

    def pause_recording(self, leg: LegId, *, paused: bool) -> None:
        self.legs[leg].paused = paused

    def end_lost(self, dialog: DialogRef, *, answered: bool) -> None:
        self.ended_lost.append((dialog, answered))

    # ------------------------------------------------------------ the world

    def offer(self, trunk: str, number: str | None, called: str, talk_s: float | None = None) -> LegId:
        """Somebody calls in; hangs up `talk_s` after the answer."""
        self._serial += 1
        leg = LegId(f"in-{self._serial}")
        self.legs[leg] = MemoryLeg(leg, trunk, number or "", FarEnd(talk_s=talk_s), state="offered")
        self._tell(LegOffered(leg, trunk, number, called, ""))
        return leg

    def hang_up_far(self, leg: LegId, cause: str = "bye") -> None:
        """The far end hangs up, or gives up a call that was not answered."""
        mine = self.legs[leg]
        if mine.state == "up":
            self._over(mine, False, cause)
        else:
            self._fail(mine, 487)

    def hold_far(self, leg: LegId, *, held: bool) -> None:
        """The far end holds, or hears again."""
        self._tell(LegHeld(leg) if held else LegResumed(leg))

    def press_far(self, leg: LegId, keys: str) -> None:
        for key in keys:
            self._tell(LegDigit(leg, key))

    def ask_transfer(self, leg: LegId, target: str) -> None:
        """The far end asks us to call `target` in its place; what it is told stands in `MemoryLeg.transfer`."""
        self._tell(LegTransferAsked(leg, target))
        if not self.legs[leg].transfer:
            self.tell_transfer(leg, 603)

    def move_trunk(self, name: str, *, up: bool, reason: str) -> None:
        self._trunks[name] = replace(self._trunks[name], up=up, reason=Reason(reason))
        self._tell(TrunkMoved(self._trunks[name]))

    def leg_to(self, number: str) -> MemoryLeg:
        """The live leg to a number. Raises LookupError."""
        found = next((leg for leg in self.legs.values() if leg.number == number), None)
        if found is None:
            raise LookupError(number)
        return found

    # ------------------------------------------------------------ turns of the script

    def _ring(self, leg: MemoryLeg) -> None:
        if leg.state == "dialing" and not leg.cancelled:
            self._tell(LegRinging(leg.id, 180, self._early(leg)))

    def _final(self, leg: MemoryLeg) -> None:
        if leg.state != "dialing" or leg.cancelled:
            return
        if leg.far.status == 200:
            self._up(leg)
        else:
            self._fail(leg, leg.far.status)

    def _up(self, leg: MemoryLeg) -> None:
        if leg.state == "over":
            return
        leg.state = "up"
        if leg.far.talk_s is not None:
            self._later(leg.far.talk_s, self._over, leg, False, "bye")
        self._tell(LegAnswered(leg.id, self._early(leg), asyncio.get_running_loop().time()))

    def _cancelled(self, leg: MemoryLeg) -> None:
        if leg.state == "dialing" and leg.far.late:
            self._up(leg)
        elif leg.state == "dialing":
            self._fail(leg, leg.far.status if leg.far.status == 0 else 487)

    def _judged(self, leg: MemoryLeg, heard: str) -> None:
        self._heard(leg, LegJudged(leg.id, heard, 0.9, "as_the_script_says", leg.far.heard_after_s))

    def _heard(self, leg: MemoryLeg, event: LegJudged | LegBeeped) -> None:
        if leg.state == "up" and leg.joined is None:
            self._tell(event)

    def _prompt_over(self, leg: MemoryLeg, prompt: str) -> None:
        if leg.state == "up" and leg.prompt == prompt:
            leg.prompt = None
            self._tell(PromptEnded(leg.id, prompt))

    def _fail(self, leg: MemoryLeg, status: int) -> None:
        leg.state = "over"
        self.legs.pop(leg.id, None)
        self._tell(LegFailed(leg.id, status, "", leg.far.retry_after, leg.far.targets))

    def _over(self, leg: MemoryLeg, by_us: bool, cause: str) -> None:
        if leg.state != "up":
            return
        self.part(leg.id)
        leg.state = "over"
        if leg.sink is not None:
            leg.sink.finish(b"")
        self.legs.pop(leg.id, None)
        self._tell(LegEnded(leg.id, by_us, cause, leg.far.sound))

    def _early(self, leg: MemoryLeg) -> DialogRef:
        base = leg.dialog or self.prepare(leg.trunk, leg.number, "caller")
        return replace(base, to_tag=f"far-{base.seed.from_tag}", remote_target=f"sip:{leg.number}@192.0.2.1")

    def _tell(self, event: LineEvent) -> None:
        if self._listener is not None:
            self._listener(event)

    def _later(self, seconds: float, work: Callable[..., None], *args: object) -> None:
        asyncio.get_running_loop().call_later(seconds, work, *args)


def people(
    seed: int, *, answer: float, talk_s: float = 90.0, ring_s: float = 9.0, busy: float = 0.05, machines: float = 0.0
) -> Callable[[str], FarEnd]:
    """Far ends by chance: `answer` of them answer after about `ring_s` and talk about `talk_s`; others ring on.

    `machines` of them are answering machines, one in seven of which is taken for a person.

    A call takes what comes next, so that the same seed gives the same day.
    """
    dice = random.Random(seed)

    def far(number: str) -> FarEnd:
        fate, ring = dice.random(), 2.0 + dice.lognormvariate(0.0, 0.5) * ring_s
        talk = dice.lognormvariate(0.0, 0.8) * talk_s * 0.73
        if fate < answer:
            return FarEnd(after_s=ring, talk_s=max(3.0, talk), rings_after_s=min(2.0, ring / 2))
        if fate < answer + machines:
            heard = "machine" if fate < answer + machines * 6 / 7 else "human"
            return FarEnd(after_s=ring, talk_s=20.0, heard=heard, heard_after_s=2.5)
        return BUSY if fate < answer + machines + busy else RINGS_ON

    return far


def is_phone(number: str) -> bool:
    """Operators' extensions of the scripts: four digits."""
    return len(number) == 4 and number.isdigit()
