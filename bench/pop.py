"""P7: from the customer's 200 OK to the screen-pop at the desk, with operators at work on the practice exchange.

The exchange with its phones and customers and the simulated desks run in a process of their own; both stamps are on one
clock. The bridge's figure is the service's own: from the 200 OK's arrival to both legs joined, of calls that an
operator was reserved for.
"""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.figures import Figure
from cli.demo.report import percentile

TEAMS = (10, 100)
SECONDS = 90
BASE = Path("var/demo/ahize.db")


_WITH_SOMEBODY_RESERVED = """
    select connect_ms from call join campaign on campaign.id = call.campaign
    where connect_ms is not null and mode = 'progressive'
"""
"""Dialing ahead, the bridge also waits for an operator: that is no figure of the bridge."""


def measure() -> Iterator[Figure]:
    for team in TEAMS:
        summary = _run(team)
        assert summary["agree"], "journal and exchange disagree:\n" + "\n".join(summary["differences"])
        pops = summary["answer_to_pop_ms"]
        what = f"{team} operators, {summary['connected']} calls joined"
        yield Figure("P7", f"200 OK to screen-pop at the desk, p50; {what}", (pops["p50"],), "ms", "–")
        yield Figure("P7", f"200 OK to screen-pop at the desk, p99; {what}", (pops["p99"],), "ms", "≤ 100 ms")
        what = f"{team} operators, one reserved"
        yield Figure("P7", f"200 OK to the legs joined, p99; {what}", (_joined_p99(),), "ms", "≤ 20 ms")


def _run(team: int) -> dict:
    command = [sys.executable, "-m", "cli.main", "demo", "--for", str(SECONDS), "--json", "--operators", str(team)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=SECONDS + 300)
    return json.loads(done.stdout.splitlines()[-1])


def _joined_p99() -> float:
    with sqlite3.connect(BASE) as base:
        rows = base.execute(_WITH_SOMEBODY_RESERVED)
        return percentile(sorted(row[0] for row in rows), 0.99) or 0.0
