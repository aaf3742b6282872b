"""bfloat16 is for CPUs that multiply in it."""

import pytest
import torch

from narrowcast_models import precision
from narrowcast_models.precision import Precision

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("capabilities", "dtype"),
    [
        ({"avx512_bf16": True, "amx_bf16": False}, torch.bfloat16),
        ({"avx512_bf16": False, "amx_bf16": True}, torch.bfloat16),
        ({"avx512_bf16": False, "amx_bf16": False}, torch.float32),
        ({}, torch.float32),  # no x86
    ],
)
def test_auto_goes_by_the_cpu(
    monkeypatch: pytest.MonkeyPatch, capabilities: dict[str, bool], dtype: torch.dtype
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)
    assert precision.multiplies_bfloat16() is (dtype is torch.bfloat16)
    assert Precision.AUTO.dtype(CPU) is dtype
    assert Precision.FLOAT32.dtype(CPU) is torch.float32
    assert Precision.BFLOAT16.dtype(CPU) is torch.bfloat16
