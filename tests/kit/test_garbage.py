"""Rings of objects are found less often, and still found."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from kit import garbage


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    thresholds = gc.get_threshold()
    yield
    gc.set_threshold(*thresholds)
    gc.unfreeze()


class Ring:
    def __init__(self) -> None:
        self.itself = self


def test_a_ring_outlives_a_thousand_new_objects_and_no_hundred_thousand() -> None:
    gc.collect()
    garbage.look_less_often()
    ring = weakref.ref(Ring())

    some = [[] for _ in range(1_000)]
    kept = ring() is not None
    many = [[] for _ in range(2 * garbage.THRESHOLDS[0])]

    assert (kept, ring()) == (True, None)
    assert len(some) < len(many)
