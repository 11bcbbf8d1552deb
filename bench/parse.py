"""P1: read an INVITE with SDP (1,030 bytes; 1,000 that differ, in turn) and build its 200 with SDP; CPU time of one,
beside other libraries.

Nobody is asked to read the SDP; pyVoIP does so with every message. Each library runs in a process of its own.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator

from bench import peering
from bench.figures import Figure

INVITE = peering.HERE / "invite.sip"
COUNT = 10_000
GOALS = {"pyVoIP": "≥ 4×", "aiosipua": "≥ 8×"}


def measure() -> Iterator[Figure]:
    apart = peering.python()
    runs = {
        "Ahize": _run(sys.executable, "ahize"),
        "pyVoIP": _run(sys.executable, "pyvoip"),
        "aiosipua": _run(apart, "aiosipua"),
        "sippy": _run(apart, "sippy"),
        "sipmessage": _run(apart, "sipmessage"),
    }
    yield from peering.side_by_side("P1", "INVITE read, 200 built", "µs CPU", peering.interleaved(runs), GOALS)


def _run(python: str, name: str) -> Callable[[], float]:
    command = [python, "-m", "bench.peers.parsers", name, str(INVITE), str(COUNT)]

    def run() -> float:
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=300)
        return float(done.stdout.splitlines()[-1])

    return run
