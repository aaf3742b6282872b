"""In what precision a network is read: float32, or bfloat16 where the CPU multiplies in it.

bfloat16 halves the time of a batch. A reading is rounded by it, on faces by .001 in the mean and
by .01 at most (docs/serving.md); what the readings are worth stays the same. It does not depend
on who else is in the batch.
"""

from enum import StrEnum

import torch


class Precision(StrEnum):
    """What multiplications are done in; sums are float32 either way."""

    AUTO = "auto"  # bfloat16 where that is quicker
    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"

    def dtype(self, device: torch.device) -> torch.dtype:
        """The tensors' type. By itself no accelerator rounds: there, calls are what takes time."""
        quick = self is Precision.AUTO and device.type == "cpu" and multiplies_bfloat16()
        return torch.bfloat16 if quick or self is Precision.BFLOAT16 else torch.float32


def multiplies_bfloat16() -> bool:
    """Whether the CPU has instructions for it. Without, bfloat16 is slower than float32."""
    capabilities = torch.cpu.get_capabilities()
    return any(capabilities.get(name, False) for name in ("avx512_bf16", "amx_bf16"))
