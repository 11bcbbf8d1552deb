"""P5: joined calls a core, each of 100 packets in and 100 out a second, beside other relays; and P4: calls whose sound
is made and decoded here. What is counted is the CPU time of the relay for a packet, at a load that all of them carry.

The naive relay passes bytes on as they are. Ours reads each packet's header, knows whom it listens to, counts loss and
jitter for RTCP and writes a header of its own. The C loop shows what the system's calls alone cost.
"""

import sys
from collections.abc import Callable, Iterator
from statistics import median

from bench import far_ends, peering
from bench.far_ends import FIRST_PORT, Run
from bench.figures import Figure

SECONDS = 4.0
CALLS = 100
PACKETS = 100
"""Passed on in a second of a joined call."""
RELAY_GOALS = {"a C epoll loop": "≥ 0.6×", "an asyncio protocol": "≥ 3×"}
TALKING = 40
TALK_GOALS = {"pyVoIP": "≥ 8×"}


def measure() -> Iterator[Figure]:
    relays = {
        "Ahize": [sys.executable, "-m", "bench.peers.relays", "ahize"],
        "a C epoll loop": [far_ends.built("relay_epoll")],
        "an asyncio protocol": [sys.executable, "-m", "bench.peers.relays", "asyncio"],
        "the same protocol on uvloop": [sys.executable, "-m", "bench.peers.relays", "uvloop"],
    }
    found = peering.interleaved({name: _relay(command) for name, command in relays.items()})
    yield from peering.side_by_side("P5", "a packet passed on", "µs CPU", found, RELAY_GOALS)
    yield Figure("P5", "joined calls a core", tuple(1e6 / (us * PACKETS) for us in found["Ahize"]), "calls", "–")
    half = int(median(1e6 / (us * PACKETS) for us in found["Ahize"]) / 2)
    yield from _at_half_load(relays["Ahize"], half)
    yield from _talking()


def _relay(command: list[str]) -> Callable[[], float]:
    def run() -> float:
        done = far_ends.run([*command, str(FIRST_PORT), str(CALLS)], 2 * CALLS, SECONDS, paired=True)
        return done.cpu_s / done.passed * 1e6

    return run


def _at_half_load(command: list[str], calls: int) -> Iterator[Figure]:
    runs = [
        far_ends.run([*command, str(FIRST_PORT), str(calls)], 2 * calls, SECONDS, paired=True)
        for _ in range(peering.REPEATS)
    ]
    at = f"{calls} joined calls, half a core's"
    yield Figure("P5", f"delay through the relay, p99; {at}", tuple(r.p99_us / 1e3 for r in runs), "ms", "≤ 5 ms")
    yield Figure("P5", f"packets lost; {at}", tuple(r.lost * 100 for r in runs), "%", "0")


def _talking() -> Iterator[Figure]:
    talkers = {"Ahize": "ahize", "pyVoIP": "pyvoip"}
    runs: dict[str, list[Run]] = {name: [] for name in talkers}

    def talk(name: str) -> Callable[[], float]:
        command = [sys.executable, "-m", "bench.peers.talkers", talkers[name], str(FIRST_PORT), str(TALKING)]

        def run() -> float:
            done = far_ends.run(command, TALKING, SECONDS, paired=False)
            runs[name].append(done)
            return done.passed / SECONDS / 50 / (done.cpu_s / SECONDS)

        return run

    found = peering.interleaved({name: talk(name) for name in talkers})
    what = "calls a core whose sound is made and decoded here"
    yield from peering.side_by_side("P4", what, "calls", found, TALK_GOALS, less=False)
    for name, done in runs.items():
        uneven = tuple(run.p99_us / 1e3 for run in done)
        yield Figure("P4", f"gap between packets off 20 ms, p99; {TALKING} calls, {name}", uneven, "ms", "≤ 5 ms")
