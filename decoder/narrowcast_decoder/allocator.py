"""How the C library keeps memory that was freed: for the next round, which takes as much again.

glibc gives a megabyte that was freed back to the kernel, and the network's next call has it back a
page at a time, each for a fault. Under load that is twenty faults a frame, a twentieth of its cost.
"""

import ctypes

M_TRIM_THRESHOLD = -1
M_MMAP_THRESHOLD = -3
"""Names and numbers of glibc's malloc.h; see mallopt(3)."""

KEPT_BYTES = 256 * 1024 * 1024
"""Free memory at the end of a heap above which it is given back."""

HEAP_BLOCK_BYTES = 32 * 1024 * 1024
"""Blocks up to this size come from a heap: the largest that glibc allows."""


def keep_freed_memory() -> bool:
    """Keep what is freed for what comes next; False where the C library is not glibc."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    set_all = [
        mallopt(M_TRIM_THRESHOLD, KEPT_BYTES),
        mallopt(M_MMAP_THRESHOLD, HEAP_BLOCK_BYTES),
    ]
    return all(set_all)
