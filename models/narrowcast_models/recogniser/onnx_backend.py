"""The recogniser on ONNX Runtime: what a decoder reads with on a CPU.

The exported graph holds the whole network, calibration included. Only the resampling to its canvas
is done here, by the weights that the encoder and training use. A session keeps no thread of its own
with one thread, and does not spin with more: streams of many sessions share the cores.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as faults

from narrowcast_models import model_card
from narrowcast_models.coding import CONDITIONS, conditions
from narrowcast_models.model_card import ARCHITECTURE
from narrowcast_models.recogniser.interface import CodedChip, Reading, Recogniser
from narrowcast_models.recogniser.precision import Precision
from narrowcast_shared import resample
from narrowcast_shared.errors import WeightsError

FLOAT32_FILE = ".onnx"
INT8_FILE = ".int8.onnx"
PICTURE_FILE = ".sr.onnx"

CANVAS, CONDITIONS_INPUT = "canvas", "conditions"
READINGS = ("valence", "sigma")
PICTURE = ("picture",)

_FAULTS = (
    faults.EPFail, faults.Fail, faults.InvalidArgument, faults.InvalidGraph,
    faults.InvalidProtobuf, faults.NoModel, faults.NotImplemented, faults.RuntimeException,
)  # fmt: skip
"""What ONNX Runtime raises of a file or of an input; they have no other base than Exception."""


class _Graph(NamedTuple):
    session: Any
    """onnxruntime.InferenceSession, which has no types."""
    canvas_px: int
    outputs: tuple[str, ...]

    def run(self, chips: Sequence[CodedChip]) -> list[NDArray[Any]]:
        """Each output [B, ...]. Raises RuntimeError where the network fails on them."""
        inputs = {
            CANVAS: canvases(chips, self.canvas_px),
            CONDITIONS_INPUT: conditions([chip.coding for chip in chips]),
        }
        try:
            arrays: list[NDArray[Any]] = self.session.run(self.outputs, inputs)
        except _FAULTS as error:
            raise RuntimeError(f"ONNX Runtime failed ({_first_line(error)})") from error
        return arrays


class OnnxRecogniser(Recogniser):
    """A shipped or exported model. Its super-resolution is loaded when first asked for."""

    def __init__(self, model: str, precision: Precision, threads: int, sha256: str) -> None:
        ending = INT8_FILE if precision is Precision.INT8 else FLOAT32_FILE
        self.sha256 = sha256
        self.backend = f"ONNX Runtime {onnxruntime.__version__}, {precision}"
        self._model = model
        self._reading = _load(model, ending, READINGS, threads)
        self._picture: _Graph | None = None

    @classmethod
    def of(
        cls, model: str, precision: Precision = Precision.AUTO, threads: int = 1
    ) -> "OnnxRecogniser":
        """By a shipped name or a .safetensors file, whose ONNX files lie beside it.

        Raises WeightsError where a file is missing or damaged, or is no such network.
        """
        path = model_card.locate(model).with_suffix(".json")
        card = model_card.read_card(path)
        if card.architecture != ARCHITECTURE:
            raise WeightsError(
                f"{path} is of architecture {card.architecture!r}, not {ARCHITECTURE!r}"
            )
        if precision is Precision.AUTO and not (card.onnx and INT8_FILE in card.onnx.sha256):
            precision = Precision.FLOAT32  # exported without the 8-bit file
        precision = precision.resolved
        return cls(model, precision, threads, card.sha256)

    def read(self, chips: Sequence[CodedChip]) -> list[Reading]:
        if not chips:
            return []
        valence, sigma = self._reading.run(chips)
        return list(map(Reading, valence.tolist(), sigma.tolist()))

    def super_resolve(self, chips: Sequence[CodedChip]) -> list[NDArray[np.uint8]]:
        if self._picture is None:
            card = model_card.read_card(model_card.locate(self._model).with_suffix(".json"))
            if card.onnx is None or PICTURE_FILE not in card.onnx.sha256:
                return super().super_resolve(chips)
            self._picture = _load(self._model, PICTURE_FILE, PICTURE, threads=1)
        return list(self._picture.run(chips)[0]) if chips else []


def canvases(chips: Sequence[CodedChip], side: int) -> NDArray[np.float32]:
    """Canvas float32 [B, 1, side, side] of gray values 0..255; the graph cuts what overshoots.

    Chips of one size are resampled together.
    """
    rows_by_px: dict[int, list[int]] = defaultdict(list)
    for row, chip in enumerate(chips):
        rows_by_px[chip.pixels.shape[0]].append(row)
    if len(rows_by_px) == 1:  # nothing to put in order again
        return _resampled(chips, side)[:, None]
    out = np.empty((len(chips), 1, side, side), np.float32)
    for rows in rows_by_px.values():
        out[rows, 0] = _resampled([chips[row] for row in rows], side)
    return out


def _resampled(chips: Sequence[CodedChip], side: int) -> NDArray[np.float32]:
    """Chips of one size as float32 [B, side, side]."""
    pixels = np.array([chip.pixels for chip in chips], np.float32)
    px = pixels.shape[-1]
    if px == side:
        return pixels
    weights = resample.weights(px, side)
    return np.asarray(weights @ pixels @ weights.T, np.float32)


def session(data: bytes, threads: int = 1) -> Any:  # noqa: ANN401 - onnxruntime has no types
    """A session on the CPU that spins no thread. Raises what ONNX Runtime does."""
    how = onnxruntime.SessionOptions()
    how.intra_op_num_threads = threads
    how.inter_op_num_threads = 1
    how.log_severity_level = 3  # warnings concern the exported graph, not its use
    how.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(data, how, providers=["CPUExecutionProvider"])


def _load(model: str, ending: str, outputs: tuple[str, ...], threads: int) -> _Graph:
    """One file of a model, checked against its card and against what is read here."""
    data, _ = model_card.read_onnx(model, ending)
    path = model_card.locate(model).with_suffix(ending)
    try:
        loaded = session(data, threads)
    except _FAULTS as error:
        raise WeightsError(f"{path} cannot be loaded ({_first_line(error)})") from error
    shapes = {each.name: each.shape for each in loaded.get_inputs()}
    side = shapes.get(CANVAS, [None])[-1]
    if (
        set(shapes) != {CANVAS, CONDITIONS_INPUT}
        or shapes[CANVAS][1:] != [1, side, side]
        or not isinstance(side, int)
        or shapes[CONDITIONS_INPUT][1:] != [CONDITIONS]
        or tuple(each.name for each in loaded.get_outputs()) != outputs
    ):
        raise WeightsError(f"{path} is no network of narrowcast (its inputs or outputs differ)")
    return _Graph(loaded, side, outputs)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
