"""In what precision the network is read on a CPU: float32, or 8-bit integers where they are exact.

8 bits take half the time, and cost .001 CCC (docs/serving.md). They are only for CPUs that multiply
and sum them in one instruction. Without it, x86 sums pairs of 8-bit products in 16 bits, where
they saturate: estimates would be wrong without a word.
"""

import platform
import sys
from enum import StrEnum
from functools import cache
from pathlib import Path

_DOT_PRODUCTS = {"avx512_vnni", "avx_vnni", "amx_int8", "asimddp"}
"""As Linux names them: three of x86, and the dot product of ARM."""

_CPUINFO = Path("/proc/cpuinfo")


class Precision(StrEnum):
    """What the convolutions are multiplied in."""

    AUTO = "auto"  # int8 where the CPU has a dot product for it
    FLOAT32 = "float32"
    INT8 = "int8"

    @property
    def resolved(self) -> "Precision":
        """FLOAT32 or INT8: `auto` by this CPU."""
        if self is Precision.AUTO:
            return Precision.INT8 if has_dot_product() else Precision.FLOAT32
        return self


@cache
def has_dot_product() -> bool:
    """Whether this CPU multiplies 8-bit numbers without saturation; False where that is unknown."""
    if sys.platform == "darwin":
        return platform.machine() == "arm64"  # every CPU of Apple's has it
    try:
        return bool(_DOT_PRODUCTS & flags(_CPUINFO.read_text()))
    except OSError:
        return False


def flags(cpuinfo: str) -> set[str]:
    """What the first CPU of a /proc/cpuinfo can do: `flags` on x86, `Features` on ARM."""
    for line in cpuinfo.splitlines():
        name, _, value = line.partition(":")
        if name.strip() in {"flags", "Features"}:
            return set(value.split())
    return set()
