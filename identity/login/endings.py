"""Tells open connections that a user's sign-in or rights changed, so that they look again at once (T20, T32).

This only hurries within one process; every long connection also looks again by itself every few seconds.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager


class Endings:
    def __init__(self) -> None:
        self._watching: defaultdict[str, set[asyncio.Event]] = defaultdict(set)

    @contextmanager
    def watch(self, user: str) -> Iterator[asyncio.Event]:
        """An event that is set whenever something of `user` changed; the watcher clears it and looks again."""
        changed = asyncio.Event()
        self._watching[user].add(changed)
        try:
            yield changed
        finally:
            self._watching[user].discard(changed)
            if not self._watching[user]:
                del self._watching[user]

    def tell(self, user: str) -> None:
        for changed in self._watching.get(user, ()):
            changed.set()
