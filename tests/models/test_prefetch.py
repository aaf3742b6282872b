"""Batches made ahead: the same items, errors that arrive, threads that end."""

import threading
from collections.abc import Iterator

import pytest

from narrowcast_models.training.prefetch import ahead


def _threads() -> int:
    return sum(thread.name == "batches" for thread in threading.enumerate())


@pytest.mark.parametrize("count", [0, 1, 100])
def test_all_items_in_order(count: int) -> None:
    assert list(ahead(range(count))) == list(range(count))
    assert _threads() == 0


def test_an_error_comes_after_what_was_made() -> None:
    def broken() -> Iterator[int]:
        yield 1
        raise OSError("no more faces")

    items = ahead(broken())
    assert next(items) == 1
    with pytest.raises(OSError, match="no more faces"):
        next(items)
    assert _threads() == 0


def test_left_early() -> None:
    """1. an endless maker  2. the user takes two and leaves  3. its thread ends"""
    made = []

    def endless() -> Iterator[int]:
        while True:
            made.append(len(made))
            yield made[-1]

    items = ahead(endless())
    assert [next(items), next(items)] == [0, 1]
    items.close()  # type: ignore[attr-defined]
    assert _threads() == 0
    assert len(made) < 20, "it does not run far ahead"
