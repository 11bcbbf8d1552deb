"""The practice exchange's own log: the other side's word on every call, one JSON object a line.

`t` is CLOCK_MONOTONIC in seconds, the same for every process of a machine; `at` the wall time. Other fields, where they
apply: `call_id` (SIP), `kind` ("customer", "phone", "caller"), `number`, `status`, `by` ("service" or "exchange"),
`cause`; of a simulated operator: `call`, `attempt`, `operator`, `code`.
"""

import json
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

Value = str | int | float | bool | None


class CallLog:
    """Appends to a file, each line at once and whole, so that processes may share it. None: writes nowhere."""

    def __init__(self, path: Path | None) -> None:
        self._file: int | None = None
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def write(self, event: str, *, t: float | None = None, **fields: Value) -> None:
        """One line. `t`: when it happened, if not now; fields that are None are left out."""
        if self._file is None:
            return
        line: dict[str, Value] = {
            "t": round(time.monotonic() if t is None else t, 6),
            "at": datetime.now(UTC).isoformat(),
            "event": event,
        }
        line.update({name: value for name, value in fields.items() if value is not None})
        os.write(self._file, json.dumps(line, ensure_ascii=False).encode() + b"\n")

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def read(path: Path) -> list[dict[str, Value]]:
    """All whole lines of a log, in order."""
    lines = path.read_bytes().split(b"\n")[:-1]
    return [json.loads(line) for line in lines]
