"""Where the journal and the exchange's log tell differently, the demo's last line says of which call and how."""

from datetime import UTC, datetime

import pytest

from cli.demo.report import Theirs, differences
from dialer.outcomes import Outcome

AT = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)


def ours(call_id: str, outcome: Outcome, status: int = 200, *, answered: bool = False) -> dict[str, object]:
    return {"call_id": call_id, "outcome": outcome, "status": status, "answered_at": AT if answered else None}


def test_calls_that_end_alike_are_no_difference():
    rows = [ours("a", Outcome.CONNECTED, answered=True), ours("b", Outcome.BUSY, 486), ours("c", Outcome.NO_ANSWER)]
    log = {"a": Theirs("answered", 1.0, True), "b": Theirs(486, None, True), "c": Theirs("cancelled", None, True)}

    assert differences(rows, log) == []


@pytest.mark.parametrize(
    ("rows", "log", "told"),
    [
        ([ours("a", Outcome.BUSY, 486)], {"a": Theirs(503, None, True)}, "a: 486 here, 503 at the exchange"),
        ([ours("a", Outcome.BUSY, 486)], {}, "a: 486 here, unknown at the exchange"),
        ([], {"a": Theirs(486, None, True)}, "a: unknown here, 486 at the exchange"),
        (
            [ours("a", Outcome.CONNECTED, answered=True)],
            {"a": Theirs("answered", 1.0, ended=False)},
            "a: answered here, still on at the exchange",
        ),
    ],
)
def test_a_difference_names_the_call_and_both_fates(rows, log, told):
    assert differences(rows, log) == [told]
