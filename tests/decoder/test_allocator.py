"""What is freed is kept: blocks that come and go cost no page faults."""

import platform
import subprocess
import sys

import pytest

ROUNDS = 50
BLOCKS = 4
BLOCK_BYTES = 2 * 1024 * 1024
PAGE_BYTES = 4096

SCRIPT = f"""
import resource, sys, threading
from narrowcast_decoder import allocator

def rounds():
    for _ in range({ROUNDS}):
        [bytearray({BLOCK_BYTES}) for _ in range({BLOCKS})]

if sys.argv[1] == "keep":
    assert allocator.keep_freed_memory()
thread = threading.Thread(target=rounds)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
thread.start()
thread.join()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(how: str) -> int:
    command = [sys.executable, "-c", SCRIPT, how]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library is not glibc")
def test_blocks_that_come_and_go_are_the_same_memory() -> None:
    once = BLOCKS * BLOCK_BYTES / PAGE_BYTES
    assert faults("keep") < 3 * once < faults("leave")
