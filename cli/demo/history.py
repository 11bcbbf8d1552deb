"""A cold campaign that has dialed before, so that predictive dialing has something to go by from the first minute."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert

from campaigns.lists.models import attempt
from contacts import sealing
from dialer.outcomes import Outcome
from kit import ids
from kit.db import Database
from kit.seal import Seal

ATTEMPTS = 240
LIVE_SHARE = 0.55
OTHERS = (Outcome.NO_ANSWER, Outcome.BUSY, Outcome.UNKNOWN_NUMBER)


async def seed(db: Database, seal: Seal, project: str, campaign: str, now: datetime) -> None:
    """Write the attempts of an hour that ended before `now`, plainly made-up."""
    rows = list(_attempts(seal, project, campaign, now - timedelta(hours=2)))
    await db.write(lambda tx: tx.conn.execute(insert(attempt), rows))


def _attempts(seal: Seal, project: str, campaign: str, began: datetime) -> Iterator[dict[str, Any]]:
    draw = random.Random(ATTEMPTS)
    for n in range(ATTEMPTS):
        started = began + timedelta(seconds=15 * n)
        live = draw.random() < LIVE_SHARE
        answered = started + timedelta(seconds=draw.uniform(2, 12)) if live else None
        ended = (answered or started) + timedelta(seconds=draw.uniform(6, 20))
        yield {
            **_dialog(seal, f"+905320000{n:03d}"),
            "id": ids.new(),
            "kind": "call",
            "campaign": campaign,
            "project": project,
            "state": "ended",
            "outcome": (Outcome.CONNECTED if live else draw.choice(OTHERS)).value,
            "status": 200 if live else 0,
            "fence": 0,
            "started_at": started,
            "answered_at": answered,
            "ended_at": ended,
        }


def _dialog(seal: Seal, number: str) -> dict[str, Any]:
    call_id = ids.new()
    return {
        "number_sealed": seal.seal(number, sealing.NUMBER),
        "number_digest": sealing.number_digest(seal, number),
        "trunk": "pbx",
        "call_id": call_id,
        "from_tag": call_id[:8],
        "cseq": 1,
        "local_address": "127.0.0.1:5070",
        "request_uri_sealed": seal.seal(f"sip:{number}@127.0.0.1", sealing.URI),
        "from_uri": "sip:example@127.0.0.1",
        "to_uri_sealed": seal.seal(f"sip:{number}@127.0.0.1", sealing.URI),
        "route_set": [],
    }
