"""P4: how many calls with sound one core carries: each is sent 50 packets a second and sends 50 of its own, and what it
hears is decoded. The largest number at which the far ends still get 49.5 packets a second of each, and 99 of 100 less
than 5 ms late; and what a call costs then.

The talker is held on one core, the far ends, who say real speech, on the other. Peers that do the same: pyVoIP by its
RTP clients without their signalling, baresip-python with a SIP call each, its sound taken and given by Python every
20 ms. Ours once more as it decides on every call at once who answered, which the service does for the first seconds.
"""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench import far_ends, peering
from bench.far_ends import FIRST_PORT, Run
from bench.figures import Figure
from media.sound import load

SECONDS = 3.0
REPEATS = 3
FIRST_CALLS = 60
STEP = 1.6
TURNS = 3
"""A search goes by such steps to the first number that is not carried, then halves the gap so often: to 8 %."""
FEWEST = 4
LEAST_RATE, MOST_LATE_US = 49.5, 5_000
LEAST_DECODED = 0.95
"""Of the packets that were sent: jitter buffers fill first, and keep some at the end."""
GOALS = {"pyVoIP": "≥ 8×", "baresip-python": "≥ 4×"}
PHRASES = Path(__file__).parent.parent / "practice" / "sounds"
SPEECH = far_ends.BUILT / "speech.ulaw"
PAUSE = b"\xff" * 160 * 40


@dataclass(frozen=True, slots=True)
class Most:
    """The largest number of `calls` that was carried well, and the CPU that each of them takes, ms a second."""

    calls: int
    cpu_ms: float


def measure() -> Iterator[Figure]:
    commands = {name: command for name, command in _talkers().items() if command}
    found: dict[str, list[Most]] = {name: [] for name in commands}
    for _ in range(REPEATS):
        for name, command in commands.items():
            found[name].append(_most(command, found[name][-1].calls if found[name] else FIRST_CALLS))
        if not found["Ahize"][-1].calls:
            raise RuntimeError("not even a few calls were carried in time: the machine is too busy for this bench")
    calls = {name: tuple(float(one.calls) for one in most) for name, most in found.items()}
    what = "calls with sound on one core, packets in time"
    yield from peering.side_by_side("P4", what, "calls", calls, GOALS, less=False)
    costs = {name: tuple(one.cpu_ms for one in most) for name, most in found.items() if all(calls[name])}
    yield from peering.side_by_side("P4", "a second of such a call", "ms CPU", costs, {})


def _talkers() -> dict[str, list[str]]:
    return {
        "Ahize": [sys.executable, "-m", "bench.peers.talkers", "ahize-decoding"],
        "Ahize, deciding who answered": [sys.executable, "-m", "bench.peers.talkers", "ahize"],
        "pyVoIP": [sys.executable, "-m", "bench.peers.talkers", "pyvoip"],
        "baresip-python": _baresip(),
    }


def _baresip() -> list[str]:
    """Empty, and said loudly, where there is none."""
    try:
        python = peering.python()
        subprocess.run([python, "-c", "import baresip"], check=True, stderr=subprocess.DEVNULL)
    except (subprocess.SubprocessError, OSError):
        peering.say_missing("baresip-python", "it has a wheel for Linux on x86-64 alone, and PyPI must be reached")
        return []
    return [sys.executable, "-m", "bench.peers.baresip_calls", python]


def _most(command: list[str], start: int) -> Most:
    """Search from `start` on. No calls at all: not even the fewest were carried."""
    carried, too_many = _between(command, max(FEWEST, start))
    for _ in range(TURNS):
        calls = (carried.calls + too_many) // 2
        found = _carried(command, calls)
        if found is None:
            too_many = calls
        else:
            carried = found
    return carried


def _between(command: list[str], calls: int) -> tuple[Most, int]:
    """A number that is carried, and one that is not."""
    carried = _carried(command, calls)
    if carried is None:
        too_many = calls
        while carried is None and (calls := int(too_many / STEP)) >= FEWEST:
            carried = _carried(command, calls)
            too_many = too_many if carried else calls
        return carried or Most(0, 0.0), too_many
    while (more := _carried(command, calls := int(carried.calls * STEP))) is not None:
        carried = more
    return carried, calls


def _carried(command: list[str], calls: int) -> Most | None:
    """None: not so many; they may even have kept the talker from beginning, or from ending."""
    if not calls:
        return None
    try:
        run = _run(command, calls)
    except EOFError:
        return None
    seconds = run.sent / calls / 50
    return Most(calls, run.cpu_s / seconds / calls * 1e3) if _is_well(run) else None


def _run(command: list[str], calls: int) -> Run:
    return far_ends.run([*command, str(FIRST_PORT), str(calls)], calls, SECONDS, paired=False, sound=_speech())


def _is_well(run: Run) -> bool:
    return run.rate >= LEAST_RATE and run.p99_us < MOST_LATE_US and run.passed >= run.sent * LEAST_DECODED


def _speech() -> Path:
    """Phrases of people with pauses between them, in µ-law."""
    if not SPEECH.exists():
        phrases = (load(path).frames["PCMU"] for path in sorted(PHRASES.glob("phrase_*.wav")))
        SPEECH.parent.mkdir(parents=True, exist_ok=True)
        SPEECH.write_bytes(PAUSE.join(b"".join(phrase) for phrase in phrases) + PAUSE)
    return SPEECH
