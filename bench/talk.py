"""P4: how many calls with sound one core carries: each is sent 50 packets a second and sends 50 of its own, and what it
hears is decoded. The largest number at which the far ends still get 49.5 packets a second of each, and 99 of 100 less
than 5 ms late; and what a call costs then.

The talker is held on one core, the far ends, who say real speech, on the other. Ours decides besides on each call who
answered, as the service does; the peers only decode: pyVoIP by its RTP clients alone, baresip-python with a SIP call
each, its sound taken and given by Python every 20 ms.
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
FIRST_CALLS = 30
TURNS = 5
MORE = 1.25
"""A search begins with this much of what the CPU of FIRST_CALLS lets expect of a core."""
LEAST_RATE, MOST_LATE_US = 49.5, 5_000
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
            found[name].append(_most(command))
    calls = {name: tuple(float(one.calls) for one in most) for name, most in found.items()}
    what = "calls with sound on one core, packets in time"
    yield from peering.side_by_side("P4", what, "calls", calls, GOALS, less=False)
    costs = {name: tuple(one.cpu_ms for one in most) for name, most in found.items()}
    yield from peering.side_by_side("P4", "a second of such a call", "ms CPU", costs, {})


def _talkers() -> dict[str, list[str]]:
    return {
        "Ahize": [sys.executable, "-m", "bench.peers.talkers", "ahize"],
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


def _most(command: list[str]) -> Most:
    """Halve the gap between a number that is carried and one that is not. Raises EOFError when it cannot begin."""
    best = _run(command, FIRST_CALLS)
    carried, too_many = 0, FIRST_CALLS
    if _is_well(best, FIRST_CALLS):
        carried, too_many = FIRST_CALLS, int(MORE * 1000 / _cpu_ms(best, FIRST_CALLS))
    for _ in range(TURNS):
        calls = (carried + too_many) // 2
        run = _run_or_none(command, calls)
        if run is not None and _is_well(run, calls):
            carried, best = calls, run
        else:
            too_many = calls
    return Most(carried, _cpu_ms(best, carried or FIRST_CALLS))


def _run_or_none(command: list[str], calls: int) -> Run | None:
    """None: so many calls kept the talker from so much as beginning."""
    try:
        return _run(command, calls)
    except EOFError:
        return None


def _run(command: list[str], calls: int) -> Run:
    return far_ends.run([*command, str(FIRST_PORT), str(calls)], calls, SECONDS, paired=False, sound=_speech())


def _is_well(run: Run, calls: int) -> bool:
    decoded = run.passed / run.sent * 50
    return run.rate >= LEAST_RATE and decoded >= LEAST_RATE and run.p99_us < MOST_LATE_US


def _cpu_ms(run: Run, calls: int) -> float:
    """Of one call in a second."""
    seconds = run.sent / calls / 50
    return run.cpu_s / seconds / calls * 1e3


def _speech() -> Path:
    """Phrases of people with pauses between them, in µ-law."""
    if not SPEECH.exists():
        phrases = (load(path).frames["PCMU"] for path in sorted(PHRASES.glob("phrase_*.wav")))
        SPEECH.parent.mkdir(parents=True, exist_ok=True)
        SPEECH.write_bytes(PAUSE.join(b"".join(phrase) for phrase in phrases) + PAUSE)
    return SPEECH
