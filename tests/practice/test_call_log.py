import time
from datetime import UTC, datetime

from practice.log import CallLog, read


def test_every_line_is_whole_at_once_and_tells_both_times(tmp_path):
    path = tmp_path / "deep" / "calls.jsonl"
    before = time.monotonic()

    with CallLog(path) as log:
        log.write("invite", call_id="a@b", number="+905321000001", status=None)
        written = read(path)

    assert [sorted(line) for line in written] == [["at", "call_id", "event", "number", "t"]]
    assert before - 0.001 <= written[0]["t"] <= time.monotonic()
    assert abs(datetime.now(UTC) - datetime.fromisoformat(written[0]["at"])).total_seconds() < 5


def test_two_writers_share_a_file_and_a_given_moment_is_kept(tmp_path):
    path = tmp_path / "calls.jsonl"

    with CallLog(path) as one, CallLog(path) as two:
        one.write("answered", call_id="a")
        two.write("pop", t=12.5, call="c")
        one.write("ended", call_id="a")

    assert [line["event"] for line in read(path)] == ["answered", "pop", "ended"]
    assert read(path)[1]["t"] == 12.5


def test_a_line_cut_short_by_a_crash_is_left_out(tmp_path):
    path = tmp_path / "calls.jsonl"
    with CallLog(path) as log:
        log.write("answered", call_id="a")
    with path.open("ab") as file:
        file.write(b'{"t": 1')

    assert len(read(path)) == 1


def test_without_a_path_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    with CallLog(None) as log:
        log.write("answered")

    assert list(tmp_path.iterdir()) == []
