"""An owner for background tasks."""

import asyncio
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self

from kit import log, metrics

CRASHES = metrics.counter("task_crashes", "Background tasks that ended with an error", ("task",))
_log = log.get("kit.tasks")


class Tasks:
    """Owns background tasks: all are cancelled and awaited when the owner ends.

    A task that crashes is logged and counted and takes no other with it. Use it as an async context
    manager, or call `close` when the owner's life is not one block.
    """

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def __len__(self) -> int:
        return len(self._tasks)

    def spawn(self, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[None]:
        """Run `work` in the background under a stable `name` (it labels the crash counter).

        Raises RuntimeError after `close`.
        """
        if self._closed:
            work.close()
            raise RuntimeError(f"the owner of task {name} has ended")
        task = asyncio.get_running_loop().create_task(_guarded(work, name), name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def close(self) -> None:
        """Cancel every task and wait until all have ended."""
        self._closed = True
        mine = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in mine:
            task.cancel()
        await asyncio.gather(*mine, return_exceptions=True)


async def _guarded(work: Coroutine[Any, Any, Any], name: str) -> None:
    try:
        await work
    except Exception:
        CRASHES.labels(name).inc()
        _log.exception("a background task crashed", task=name)
