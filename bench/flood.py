"""G22: 10,000 INVITEs of strangers a second (or what the loopback gives) beside 20 joined calls in the same process.

What becomes of the calls' sound, and how much is written about it.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator

from bench import far_ends
from bench.far_ends import FIRST_PORT, Run
from bench.figures import Figure

CALLS = 20
RATE = 10_000
SECONDS = 10.0
REPEATS = 3


def measure() -> Iterator[Figure]:
    runs = [_run() for _ in range(REPEATS)]
    what = f"{CALLS} joined calls in a flood of unknown INVITEs"
    yield Figure("G22", "unknown INVITEs a second", tuple(rate for _, rate, _ in runs), "/s", f"{RATE}")
    yield Figure("G22", f"packets lost; {what}", tuple(run.lost * 100 for run, _, _ in runs), "%", "< 0.1 %")
    yield Figure("G22", f"delay of packets, p99; {what}", tuple(run.p99_us / 1e3 for run, _, _ in runs), "ms", "–")
    yield Figure("G22", f"log lines; {what}", tuple(lines for _, _, lines in runs), "lines", "< 10")


def _run() -> tuple[Run, float, float]:
    """Of the far ends, INVITEs a second, lines of the log."""
    command = [sys.executable, "-m", "bench.peers.relays", "flooded", str(FIRST_PORT), str(CALLS)]
    flood = [sys.executable, "-m", "bench.peers.flooder", str(FIRST_PORT - 1), str(RATE), str(SECONDS)]
    with tempfile.TemporaryFile("w+") as log, subprocess.Popen(flood, stdout=subprocess.PIPE, text=True) as flooder:
        run = far_ends.run(command, 2 * CALLS, SECONDS, paired=True, log=log)
        rate = float(flooder.communicate()[0])
        log.seek(0)
        return run, rate, float(len(log.readlines()))
