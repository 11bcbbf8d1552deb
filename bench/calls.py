"""P2: whole calls from INVITE to the answered BYE, without sound, by the full user agent against SIPp's answering side;
CPU time of the caller for one call, beside other callers. SIPp's own caller is the ceiling: C++ that does nothing else.

Twenty calls at a time; pyVoIP cannot place more than one. Ours and SIPp repeat what is lost; the others do not.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator

from bench import peering, sipp
from bench.figures import Figure

GOALS = {"pyVoIP": "≥ 15×", "aiosipua": "≥ 5×", "SIPp": "≥ 0.4×"}
COUNTS = {"ahize": 3000, "aiosipua": 1000, "pyvoip": 60}


def measure() -> Iterator[Figure]:
    apart = peering.python()
    with sipp.uas() as port:
        runs = {
            "Ahize": _caller(sys.executable, "ahize", port),
            "pyVoIP": _caller(sys.executable, "pyvoip", port),
            "aiosipua": _caller(apart, "aiosipua", port),
            "SIPp": lambda: sipp.uac(port, 3000) * 1e6,
        }
        found = peering.interleaved(runs)
    yield from peering.side_by_side("P2", "a call from INVITE to BYE", "µs CPU", found, GOALS)


def _caller(python: str, name: str, port: int) -> Callable[[], float]:
    command = [python, "-m", "bench.peers.callers", name, str(port), str(COUNTS[name])]

    def run() -> float:
        done = subprocess.run(command, **_CAUGHT, text=True, check=True, timeout=300)
        return float(done.stdout.splitlines()[-1])

    return run


_CAUGHT = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
