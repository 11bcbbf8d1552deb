"""How often CPython looks for rings of objects that nobody holds."""

import gc

THRESHOLDS = (50_000, 20, 100)
"""New objects before the young are looked through, and how many such rounds come before one of the older and of all."""


def look_less_often() -> None:
    """For a process that has started and runs for long: what is there now stays, what comes is looked at less often.

    Looking through all that a service makes at its start holds sound up for 90 ms each time. A call of a busy agent is
    a hundred objects that live for half a minute, and no rings: with CPython's own settings a quarter of its CPU time
    goes into looking for some (`make bench NAME=calls`).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
