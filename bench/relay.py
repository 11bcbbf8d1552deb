"""P5: joined calls a core, each of 100 packets in and 100 out a second, beside relays that do the same work. What is
counted is the CPU time of the relay for a packet that arrives, at a load that all of them carry.

*Recorded*: each packet's source and header are looked at, loss and jitter counted, a header of its own written, reports
sent, and both sides sealed second by second into a file, which is opened and looked through after each run. *Relayed
only*: the peers pass bytes on as they are, the C loop to show what the system's calls alone cost; ours does all of the
above but the recording; rtpengine is what one would put in its place, without its kernel module.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

from bench import far_ends, peering
from bench.far_ends import FIRST_PORT, Run
from bench.figures import Figure
from desk.recordings import sealed

SECONDS = 3.0
CALLS = 100
PACKETS = 100
"""Passed on in a second of a joined call."""
KEY = "5a" * 32
LEAST_SHARE = 0.6
"""Of the packets that each side of the recordings must hold: the last second of each is not written any more."""
IN_TIME_US = 100_000
"""A relay that is later than this was kept from working, and its recordings rightly have holes."""
RECORDED_GOALS = {"a C epoll loop": "≥ 0.6×", "an asyncio protocol": "≥ 3×"}
RELAY_GOALS = {"a C epoll loop that checks nothing": "≥ 0.8×"}
_PYTHON = [sys.executable, "-m", "bench.peers.relays"]


def measure() -> Iterator[Figure]:
    recorded, bare = _recorded(), _bare()
    runs = {f"recorded {name}": _cost(command, recording=True) for name, command in recorded.items()}
    runs |= {f"bare {name}": _cost(command, recording=False) for name, command in bare.items()}
    found = peering.interleaved(runs)
    with_recording = {name: found[f"recorded {name}"] for name in recorded}
    yield from peering.side_by_side("P5", "a packet, recorded", "µs CPU", with_recording, RECORDED_GOALS)
    a_core = tuple(1e6 / (us * PACKETS) for us in with_recording["Ahize"])
    yield Figure("P5", "joined and recorded calls a core", a_core, "calls", "–")
    without = {name: found[f"bare {name}"] for name in bare}
    yield from peering.side_by_side("P5", "a packet, relayed only", "µs CPU", without, RELAY_GOALS)
    yield from _at_half_load(recorded["Ahize"], int(median(a_core) / 2))


def _recorded() -> dict[str, list[str]]:
    """What does the same work as ours, where it can be had."""
    found = {"Ahize": [*_PYTHON, "ahize-recorded"]}
    try:
        found["a C epoll loop"] = [far_ends.built("record_epoll", "-lcrypto")]
    except subprocess.CalledProcessError:
        peering.say_missing("the C epoll loop that records", "it needs OpenSSL's headers (apt-get install libssl-dev)")
    found["an asyncio protocol"] = [*_PYTHON, "asyncio-recorded"]
    found["the same protocol on uvloop"] = [*_PYTHON, "uvloop-recorded"]
    return found


def _bare() -> dict[str, list[str]]:
    found = {
        "Ahize": [*_PYTHON, "ahize"],
        "a C epoll loop that checks nothing": [far_ends.built("relay_epoll")],
        "an asyncio protocol that checks nothing": [*_PYTHON, "asyncio"],
        "the latter on uvloop": [*_PYTHON, "uvloop"],
    }
    if shutil.which("rtpengine"):
        found["rtpengine, relay only, in user space"] = [sys.executable, "-m", "bench.peers.rtpengine_relay"]
    else:
        peering.say_missing("rtpengine", "it is not installed (apt-get install rtpengine-daemon)")
    return found


def _cost(command: list[str], *, recording: bool) -> Callable[[], float]:
    """µs of CPU for each packet that arrived."""

    def run() -> float:
        done = _run_recorded(command, CALLS) if recording else _run(command, CALLS)
        return done.cpu_s / done.got * 1e6

    return run


def _run(command: list[str], calls: int, *recording: str) -> Run:
    return far_ends.run([*command, str(FIRST_PORT), str(calls), *recording], 2 * calls, SECONDS, paired=True)


def _run_recorded(command: list[str], calls: int) -> Run:
    """Raises RuntimeError when the recordings do not hold what was said."""
    with tempfile.TemporaryDirectory(dir=far_ends.BUILT) as folder:
        done = _run(command, calls, folder, KEY)
        frames = [_frames(path) for path in sorted(Path(folder).rglob("*.ahr"))]
    held = min((sum(side) for side in zip(*frames, strict=True)), default=0)
    if len(frames) != calls or (done.p99_us < IN_TIME_US and held < done.got / 2 * LEAST_SHARE):
        raise RuntimeError(f"{command[-1]} made {len(frames)} recordings of {calls} calls, or left sound out")
    return done


def _frames(recording: Path) -> tuple[float, float]:
    """How many packets of the load each side holds: eight bytes of each are no silence, or seven by chance."""
    if recording.stat().st_size <= len(sealed.FORM) + 1:
        return 0.0, 0.0  # no second was over when the relay ended
    sound = b"".join(sealed.sound(recording, recording.stem, bytes.fromhex(KEY)))
    return _spoken(sound[0::2]), _spoken(sound[1::2])


def _spoken(side: bytes) -> float:
    return (len(side) - side.count(b"\xff")) / 8


def _at_half_load(command: list[str], calls: int) -> Iterator[Figure]:
    runs = [_run_recorded(command, calls) for _ in range(peering.REPEATS)]
    at = f"{calls} joined and recorded calls, half a core's"
    yield Figure("P5", f"delay through the relay, p99; {at}", tuple(r.p99_us / 1e3 for r in runs), "ms", "≤ 5 ms")
    yield Figure("P5", f"packets lost; {at}", tuple(r.lost * 100 for r in runs), "%", "0")
