import json
import logging

import pytest

from kit import log
from kit.errors import Conflict


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]):
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    log.configure(json=True, level="INFO")
    yield lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    root.handlers[:] = handlers
    root.setLevel(level)


def test_fields_that_are_not_allowed_are_dropped_and_counted(lines):
    before = log.DROPPED.labels("number")._value.get()

    log.get("dialer").info("attempt ended", attempt="a1", number="+905321005001", token="t")

    (line,) = lines()
    assert line["event"] == "attempt ended"
    assert line["attempt"] == "a1"
    assert set(line) == {"event", "attempt", "level", "logger", "at"}
    assert log.DROPPED.labels("number")._value.get() == before + 1


def test_an_exception_tells_type_and_places_but_not_its_text(lines):
    try:
        raise ValueError("+905321005001 is Ayşe")
    except ValueError:
        log.get("x").exception("it failed")

    (line,) = lines()
    assert line["error"] == "ValueError"
    assert "test_log.py" in line["where"]
    assert "Ayşe" not in json.dumps(line, ensure_ascii=False)


def test_our_own_sentence_is_told(lines):
    try:
        raise Conflict("Somebody else has it.")
    except Conflict:
        log.get("x").exception("it failed")

    assert lines()[0]["error"] == "Conflict: Somebody else has it."


def test_libraries_are_logged_in_the_same_form(lines):
    logging.getLogger("some.library").warning("hello", extra={"number": "+905321005001"})

    (line,) = lines()
    assert line["event"] == "hello"
    assert "number" not in line


def test_libraries_that_tell_of_each_step_are_heard_from_warnings_on(lines):
    logging.getLogger("alembic.runtime.migration").info("Context impl SQLiteImpl.")
    logging.getLogger("alembic.runtime.migration").warning("this matters")

    assert [line["event"] for line in lines()] == ["this matters"]


def test_lines_below_the_level_are_left_out(lines):
    log.get("x").debug("too much")

    assert lines() == []


def test_only_we_are_heard_at_debug(lines):
    log.configure(json=True, level="DEBUG")

    logging.getLogger("uvicorn.error").debug("< cookie: ahize_session=secret")
    log.get("dialer").debug("a turn", call="c1")

    (line,) = lines()
    assert line["event"] == "a turn"
