"""Batches made ahead on a thread of their own, while the network learns from the last one."""

import queue
import threading
from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

import torch

T = TypeVar("T")

_DEPTH = 3
"""Batches that wait at most: the maker stops when they do."""


class _End(Generic[T]):
    """Last thing a maker sends: why it ended, None where all was made."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


def ahead(items: Iterable[T]) -> Iterator[T]:
    """The same items in the same order; an error of their maker is raised here.

    The thread ends with the iterator, also where that is left early.
    """
    ready: queue.Queue[T | _End[T]] = queue.Queue(_DEPTH)
    left = threading.Event()
    maker = threading.Thread(target=_make, args=(items, ready, left), name="batches")
    maker.start()
    try:
        while not isinstance(item := ready.get(), _End):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        left.set()
        while maker.is_alive():  # it may wait for room
            _drain(ready)
            maker.join(0.01)


def _make(items: Iterable[T], ready: "queue.Queue[T | _End[T]]", left: threading.Event) -> None:
    torch.set_num_threads(1)  # of this thread: the network has the others
    try:
        for item in items:
            ready.put(item)
            if left.is_set():
                return
        ready.put(_End(None))
    except BaseException as error:  # noqa: BLE001 - raised again where the items are used
        ready.put(_End(error))


def _drain(ready: "queue.Queue[T | _End[T]]") -> None:
    try:
        while True:
            ready.get_nowait()
    except queue.Empty:
        return
