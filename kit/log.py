"""One line an event, with allowed fields only.

A field that is not in `ALLOWED` is dropped, so that a number, a name or a token cannot reach the log
by being passed along (T33). An exception is logged as its type and the places it came through; its
text only where it is our own sentence.
"""

import logging
import sys
import traceback
from types import TracebackType
from typing import Any, cast

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from kit import metrics
from kit.errors import AhizeError

_SHAPE = ("event", "level", "logger", "at", "error", "where", "task", "component", "signal")
_IDS = (
    *("attempt", "call", "campaign", "job", "key", "lead", "leg", "list", "operator", "person", "project"),
    *("recording", "user"),
)
_CODES = (
    *("by", "code", "codec", "direction", "event_type", "kind", "method", "outcome", "reason", "route"),
    *("state", "status", "topic", "trunk"),
)
_FIGURES = (
    *("after_s", "channels", "count", "counts", "dropped", "expected", "fence", "found", "lagged", "limit", "line"),
    *("ms", "peers", "pid", "place", "port", "position", "retry_in_s", "rows", "seconds", "seq", "size", "took_ms"),
    *("tries", "version"),
)
_NAMES = ("file", "setting")
ALLOWED: frozenset[str] = frozenset((*_SHAPE, *_IDS, *_CODES, *_FIGURES, *_NAMES))

DROPPED = metrics.counter("log_fields_dropped", "Log fields that were not on the allow-list", ("field",))
_MAX_TEXT = 300
_TALKATIVE = ("alembic", "uvicorn")
"""Libraries that tell of each step they take; that is for those who look for a fault in them (level debug)."""


def configure(json: bool, level: str = "INFO") -> None:
    """Send every line, ours and the libraries', to stderr: as JSON, or coloured for a terminal."""
    last: Processor = structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer()
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_common(), processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last]
    )
    handler = _Stderr()
    handler.setFormatter(formatter)
    handler.addFilter(_may_be_told)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING if root.level == logging.INFO else logging.NOTSET)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_common(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def _may_be_told(record: logging.LogRecord) -> bool:
    """At debug libraries tell whole headers and frames, cookies and customers among them: only we are heard there."""
    return record.levelno >= logging.INFO or isinstance(record.msg, dict)


class _Stderr(logging.Handler):
    """Writes to whatever stderr is at the moment: it may have been replaced since."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(self.format(record) + "\n")
        except Exception:
            self.handleError(record)


def get(name: str) -> structlog.stdlib.BoundLogger:
    """The logger of a room or part: `log.get("dialer.engine")`."""
    return structlog.stdlib.get_logger(name)


def _common() -> list[Processor]:
    return [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        name_exception,
        keep_allowed,
    ]


def name_exception(_logger: WrappedLogger, _method: str, fields: EventDict) -> EventDict:
    """Replace exc_info by the exception's type, our own sentence if it has one, and where it came through."""
    error = _exception(fields.pop("exc_info", None))
    if error is not None:
        fields["error"] = f"{type(error).__name__}: {error}" if isinstance(error, AhizeError) else type(error).__name__
        fields["where"] = " < ".join(_places(error.__traceback__))
    return fields


def _exception(info: Any) -> BaseException | None:
    if info is True:
        return sys.exc_info()[1]
    if isinstance(info, tuple):
        return cast("tuple[Any, BaseException | None, Any]", info)[1]
    return info if isinstance(info, BaseException) else None


def _places(trace: TracebackType | None) -> list[str]:
    frames = traceback.extract_tb(trace)[-6:]
    return [f"{'/'.join(frame.filename.split('/')[-2:])}:{frame.lineno}" for frame in reversed(frames)]


def keep_allowed(_logger: WrappedLogger, _method: str, fields: EventDict) -> EventDict:
    """Drop and count every field that is not allowed; cut long texts."""
    kept: EventDict = {}
    for name, value in fields.items():
        if name in ALLOWED or name.startswith("_"):
            kept[name] = value[:_MAX_TEXT] if isinstance(value, str) else value
        else:
            DROPPED.labels(name).inc()
    return kept
