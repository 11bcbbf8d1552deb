"""P2: whole calls from INVITE to the answered BYE, without sound, by the full user agent against SIPp's answering side;
CPU time of the caller for one call, beside other callers. SIPp's own caller is the ceiling: C++ that does nothing else.

All do the same on the wire: INVITE with SDP, 180, 200, ACK, BYE as soon as the 200 is there, 200. Nobody is challenged,
since SIPp's usual answering side challenges nobody: what answers challenges stands by unused. Ours is the agent as the
service runs it, with its timers, session timer, dialogs and events; ours and SIPp repeat what is lost, the others do
not. Twenty calls at a time; pyVoIP cannot place more than one. A call is counted, and the next begins, when its BYE is
sent; the answer to it is read all the same, but for the last twenty.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator

from bench import peering, sipp
from bench.figures import Figure

GOALS = {"pyVoIP": "≥ 15×", "aiosipua": "≥ 5×", "SIPp": "≥ 0.4×"}
PATIENCE_S, TRIES = 25, 5
"""pyVoIP waits for ever now and then: two of its threads read one socket. Such a run is not counted."""
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
        for _ in range(TRIES):
            try:
                done = subprocess.run(command, **_CAUGHT, text=True, check=True, timeout=PATIENCE_S)
            except subprocess.TimeoutExpired:
                continue
            return float(done.stdout.splitlines()[-1])
        raise RuntimeError(f"{name} did not finish its calls in {PATIENCE_S} s")

    return run


_CAUGHT = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
