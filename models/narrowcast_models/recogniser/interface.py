"""The recogniser: the one call that the decoder makes, whatever computes it.

`Recogniser.load` chooses the backend by the device. On a CPU it is ONNX Runtime, and PyTorch is
neither needed nor imported; on a GPU it is PyTorch (extra `gpu`). Both read the same weights, which
the card names by one checksum.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from importlib.util import find_spec
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from narrowcast_models import model_card
from narrowcast_models.coding import Coding
from narrowcast_models.recogniser.precision import Precision
from narrowcast_shared.errors import SettingsError, WeightsError, install_hint

CPU = "cpu"
AUTO = "auto"


class Reading(NamedTuple):
    """Valence, -1..1, and the standard deviation of its error."""

    valence: float
    sigma: float


class CodedChip(NamedTuple):
    """A decoded chip uint8 [px, px] and how it was coded."""

    pixels: NDArray[np.uint8]
    coding: Coding


class Recogniser(ABC):
    """Reads batches of chips of mixed sizes. Not thread-safe: one worker owns it."""

    sha256: str | None = None
    """Checksum of the weights, hexadecimal; None where they are from no file."""
    backend: str = "PyTorch"
    """What computes, and in which precision."""

    @staticmethod
    def load(
        model: str = model_card.DEFAULT_MODEL,
        precision: Precision = Precision.AUTO,
        device: str = CPU,
        threads: int = 1,
    ) -> "Recogniser":
        """A recogniser of a shipped model or a weight file.

        device: `cpu`; `cuda` or `cuda:1`, which takes PyTorch; `auto` is the GPU where PyTorch is
        installed and sees one, and else the CPU. threads: of ONNX Runtime, on the CPU.

        Raises WeightsError where a file is missing or damaged, and SettingsError where there is no
        such device, or it does not read in that precision.
        """
        device = _chosen(device)
        if device == CPU:
            from narrowcast_models.recogniser.onnx_backend import OnnxRecogniser

            return OnnxRecogniser.of(model, precision, threads)
        from narrowcast_models.recogniser.torch_backend import TorchRecogniser

        if precision is Precision.INT8:
            raise SettingsError(f"int8 is read on a CPU, not on {device}", "use --precision auto")
        return TorchRecogniser.of(model, device)

    @abstractmethod
    def read(self, chips: Sequence[CodedChip]) -> list[Reading]:
        """One reading a chip, in order. Raises RuntimeError where the network fails on them."""

    def super_resolve(self, chips: Sequence[CodedChip]) -> list[NDArray[np.uint8]]:  # noqa: ARG002
        """Each face as it may have been before the link: uint8 [48, 48], in order.

        Raises WeightsError where the model has no head for it.
        """
        raise WeightsError("this model makes no pictures", "use `oa`")


def _chosen(device: str) -> str:
    """The device's name, `auto` resolved. Raises SettingsError where it takes what is missing."""
    if device == CPU:
        return CPU
    if find_spec("torch") is None:
        if device == AUTO:
            return CPU
        raise SettingsError(f"--device {device} takes PyTorch", install_hint("gpu"))
    from narrowcast_models.recogniser.torch_backend import choose_device

    return str(choose_device(device))
