"""A million damaged messages and packets: what none of them may do, and how long the slowest keeps the loop.

Each input is read as the service reads it and what is read is used: a request is answered, a session description said
again. Nothing but the rooms' own errors may come of it (`bench.damage.bear` raises anything else, with the input).
"""

import time
from array import array
from collections.abc import Iterator

from bench import damage
from bench.figures import Figure
from cli.demo.report import percentile

INPUTS = 200_000
SEED = 2543
SHOWN = 120


def measure() -> Iterator[Figure]:
    for name, reader in damage.READERS.items():
        took, slowest = _read_all(reader)
        print(f"  slowest {name}: {len(slowest)} bytes, {slowest[:SHOWN]!r} …")
        what = f"{INPUTS} damaged inputs of {name}"
        yield Figure("G3", f"CPU time of one, p99; {what}", (percentile(took, 0.99) or 0.0,), "µs", "≤ 1,000 µs")
        yield Figure("G3", f"CPU time of the slowest; {what}", (took[-1] / 1e3,), "ms", "≤ 50 ms")


def _read_all(reader: damage.Reader) -> tuple[list[float], bytes]:
    """The times in µs, sorted, and the input that took longest."""
    took, longest, slowest = array("d"), 0.0, b""
    for data in damage.inputs(reader, INPUTS, SEED):
        began = time.thread_time()
        damage.bear(reader, data)
        spent = time.thread_time() - began
        took.append(spent * 1e6)
        if spent > longest:
            longest, slowest = spent, data
    return sorted(took), slowest
