"""Counters, gauges and histograms of this process, for Prometheus."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.metrics import MetricWrapperBase

_PREFIX = "ahize_"
_SECONDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)

registry = CollectorRegistry()
_known: dict[str, MetricWrapperBase] = {}

Metric = TypeVar("Metric", bound=MetricWrapperBase)


def counter(name: str, text: str, labels: tuple[str, ...] = ()) -> Counter:
    """The counter `ahize_<name>_total`; the same object for the same name."""
    return _one(name, lambda: Counter(_PREFIX + name, text, labels, registry=registry))


def gauge(name: str, text: str, labels: tuple[str, ...] = ()) -> Gauge:
    """The gauge `ahize_<name>`; the same object for the same name."""
    return _one(name, lambda: Gauge(_PREFIX + name, text, labels, registry=registry))


def histogram(name: str, text: str, labels: tuple[str, ...] = (), buckets: tuple[float, ...] = _SECONDS) -> Histogram:
    """The histogram `ahize_<name>`, in seconds unless `buckets` say otherwise; the same object for the same name."""
    return _one(name, lambda: Histogram(_PREFIX + name, text, labels, registry=registry, buckets=buckets))


def _one(name: str, make: Callable[[], Metric]) -> Metric:
    found = _known.get(name)
    if found is None:
        _known[name] = found = make()
    return found  # pyright: ignore[reportReturnType]


def page() -> bytes:
    """Everything measured so far, in Prometheus's text format."""
    return generate_latest(registry)


LOOP_LAG = histogram("loop_lag_seconds", "How late the event loop wakes a sleeper")


async def watch_loop(every_s: float = 0.5) -> None:
    """Measure the loop's lag for ever; run it as a task of the service."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + every_s
        await asyncio.sleep(every_s)
        LOOP_LAG.observe(max(0.0, loop.time() - due))
