"""Weights to ONNX: the network's own forward, in float32 and with 8-bit convolutions.

The graph takes canvases and conditions, as the network does, and gives readings, calibrated. Three
things are changed on the way, none of which changes a number by more than rounding:

- Convolutions that follow a shuffle or a mean of pixels take it in (and normalisation, which the
  exporter folds): in a small network the operations between them cost a sixth of the time.
- The calibration of every coding is worked out now, and looked up then.
- The canvas holds gray values 0..255, and the graph scales and clamps them.

The 8-bit file keeps the stem and the first block in float32: what is rounded there is rounded for
all layers that follow. With the block in 8 bits CCC falls by up to .002, without by less than .001.
The ranges of 8-bit numbers are measured on training faces at all sizes and quantisers. The last
1/100,000 of the values is cut off, because one outlier would coarsen the steps of all others: with
the full ranges CCC falls by up to .006.
"""

import contextlib
import copy
import logging
import os
import re
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process
from torch import Tensor, nn

from narrowcast_models import canvas as canvas_
from narrowcast_models import checkpoint, model_card
from narrowcast_models.coding import CONDITIONS, Coding, conditions
from narrowcast_models.data.faces import LabelledFaces
from narrowcast_models.model_card import Card, OnnxFiles
from narrowcast_models.networks.blocks import ResidualBlock
from narrowcast_models.networks.calibration import Calibration, Correction
from narrowcast_models.networks.one_for_all import OneForAll
from narrowcast_models.recogniser import onnx_backend
from narrowcast_models.recogniser.onnx_backend import (
    CANVAS,
    CONDITIONS_INPUT,
    FLOAT32_FILE,
    INT8_FILE,
    PICTURE,
    PICTURE_FILE,
    READINGS,
)
from narrowcast_models.training.degrade import Link
from narrowcast_shared.errors import WeightsError
from narrowcast_shared.operating_point import CHIP_PX, MAX_QP

OPSET = 18
ONNXRUNTIME = ">=1.20,<2"
"""Versions that read such files: 8-bit convolutions of operator set 18, in IR version 10."""

SIZES_PX = (96, 48, 32, 24, 16, 12, 8, 6)
QPS = (None, 30, 36)
FACES = 64
"""Faces at each size and quantiser that ranges are measured on."""

KEPT = 99.999
"""Share of the values, in %, that the ranges hold."""

STEADY_FRAMES = 4
SEED = 5
QP_COLUMNS = MAX_QP + 2
"""Uncoded, and every quantiser."""


def export(model: str, faces: LabelledFaces | None) -> Card:
    """Write the ONNX files of a shipped model or a weight file beside it; its card, as written.

    faces: those it was trained on, which ranges of 8-bit numbers are measured on; None for no 8-bit
    file. Raises WeightsError where a file is damaged or cannot be written.
    """
    path, card = model_card.find(model)
    network = checkpoint.one_for_all(path, card)
    made = {FLOAT32_FILE: _graph(_Readings(fused(network)), READINGS)}
    if network.config.picture_stages:
        made[PICTURE_FILE] = _graph(_Pictures(fused(network)), PICTURE)
    calibration = difference = None
    if faces is not None:
        seen = _Calibrating(faces)
        made[INT8_FILE] = _with_int8(made[FLOAT32_FILE], seen)
        difference = _difference(made[FLOAT32_FILE], made[INT8_FILE], seen)
        calibration = f"{len(seen)} chips of {faces.name}, of its training part"
    files = OnnxFiles(
        opset=OPSET,
        onnxruntime=ONNXRUNTIME,
        sha256={ending: _write(data, path.with_suffix(ending)) for ending, data in made.items()},
        calibration=calibration,
        int8_rms_difference=difference,
    )
    if INT8_FILE not in made:  # it would be of other weights
        path.with_suffix(INT8_FILE).unlink(missing_ok=True)
    card = card.model_copy(update={"onnx": files})
    model_card.write_card(card, path)
    return card


def fused(network: OneForAll) -> OneForAll:
    """A copy in evaluation mode that gives the same numbers out of fewer operations.

    It cannot be trained or saved.
    """
    out = copy.deepcopy(network).eval()
    factor, weight = network.config.unshuffle, out.stem.weight.detach()
    width, _, rows, columns = weight.shape  # [width, factor * factor, 3, 3]
    out.unshuffle = nn.Identity()
    out.stem = nn.Conv2d(1, width, rows * factor, factor, padding=factor, bias=False)
    weight = weight.view(width, factor, factor, rows, columns).permute(0, 3, 1, 4, 2)
    out.stem.weight = nn.Parameter(weight.reshape(width, 1, rows * factor, columns * factor))
    for block in out.blocks:
        assert isinstance(block, ResidualBlock)
        if isinstance(block.shortcut, nn.Sequential):
            block.shortcut = _pooling_shortcut(*block.shortcut)
    out.calibration = _ByCoding(network.calibration)  # type: ignore[assignment]
    return out.eval()


def _pooling_shortcut(pool: nn.Module, conv: nn.Module, norm: nn.Module) -> nn.Module:
    """The mean over n x n pixels and a 1x1 convolution are one n x n convolution."""
    assert isinstance(conv, nn.Conv2d)
    if isinstance(pool, nn.AvgPool2d):
        side = int(pool.kernel_size)  # type: ignore[arg-type]
        weight = conv.weight.detach().expand(-1, -1, side, side) / side**2
        conv = nn.Conv2d(conv.in_channels, conv.out_channels, side, side, bias=False)
        conv.weight = nn.Parameter(weight)
    return nn.Sequential(conv, norm)


class _ByCoding(nn.Module):
    """The corrections of every coding there is, found by conditions."""

    def __init__(self, calibration: Calibration) -> None:
        super().__init__()
        codings = [Coding(px, qp) for px in range(CHIP_PX + 1) for qp in (None, *range(MAX_QP + 1))]
        with torch.inference_mode():
            corrections = calibration(torch.from_numpy(conditions(codings)))
        for name, column in corrections._asdict().items():
            self.register_buffer(name, column.clone())
        # Conditions are px / CHIP_PX, qp / MAX_QP, and 1 where coded.
        strides = torch.tensor([CHIP_PX * QP_COLUMNS, MAX_QP, 1], dtype=torch.float32)
        self.register_buffer("strides", strides)

    def forward(self, conditions: Tensor) -> Correction:
        row = (conditions @ self.get_buffer("strides")).round().long()
        return Correction(*(self.get_buffer(name)[row] for name in Correction._fields))


class _Readings(nn.Module):
    def __init__(self, network: OneForAll) -> None:
        super().__init__()
        self.network = network

    def forward(self, canvas: Tensor, conditions: Tensor) -> tuple[Tensor, Tensor]:
        outputs = self.network((canvas / 255).clamp(0, 1), conditions)
        return outputs.valence, outputs.log_sigma.exp()


class _Pictures(nn.Module):
    def __init__(self, network: OneForAll) -> None:
        super().__init__()
        self.network = network

    def forward(self, canvas: Tensor, conditions: Tensor) -> Tensor:
        picture = self.network.super_resolve((canvas / 255).clamp(0, 1), conditions)
        return (picture.squeeze(1) * 255).round().to(torch.uint8)


def _graph(module: _Readings | _Pictures, outputs: Sequence[str]) -> bytes:
    """The serialised graph, for batches of any size."""
    side = module.network.config.canvas_px
    sizes = {0: torch.export.Dim.DYNAMIC}
    with _quietly(), torch.inference_mode():
        program = torch.onnx.export(
            module.eval(),
            (torch.rand(2, 1, side, side), torch.rand(2, CONDITIONS)),
            dynamo=True,
            opset_version=OPSET,
            input_names=[CANVAS, CONDITIONS_INPUT],
            output_names=outputs,
            dynamic_shapes={"canvas": sizes, "conditions": sizes},
            verbose=False,
        )
    assert program is not None
    proto = program.model_proto
    for node in proto.graph.node:  # where in this machine's files each operation came from
        node.ClearField("metadata_props")
        node.ClearField("doc_string")
    data: bytes = proto.SerializeToString(deterministic=True)
    return data


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """Without the warnings that PyTorch's exporter gives of its own code, and of torchvision."""
    exporter = logging.getLogger("torch.onnx")
    level = exporter.level
    exporter.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            warnings.simplefilter("ignore", DeprecationWarning)
            yield
    finally:
        exporter.setLevel(level)


class _Calibrating(CalibrationDataReader):  # type: ignore[misc] # it has no types
    """Faces gone through the link at every size and quantiser, in batches of mixed codings."""

    def __init__(self, faces: LabelledFaces) -> None:
        draw = np.random.default_rng(SEED)
        told: list[NDArray[np.float32]] = []
        chips: list[NDArray[np.float32]] = []
        for coding in [Coding(px, qp) for px in SIZES_PX for qp in QPS]:
            rows = draw.choice(len(faces), FACES, replace=len(faces) < FACES)
            chips.append(_seen(faces.images[rows], coding))
            told.append(conditions([coding] * FACES))
        order = draw.permutation(FACES * len(chips))
        self.inputs = {
            CANVAS: np.concatenate(chips)[order],
            CONDITIONS_INPUT: np.concatenate(told)[order],
        }
        self._next: list[dict[str, NDArray[np.float32]]] = []

    def __len__(self) -> int:
        return len(self.inputs[CONDITIONS_INPUT])

    def set_range(self, start_index: int, end_index: int) -> None:
        """What `get_next` gives once: these chips. Called for one part after the other."""
        self._next = [{k: v[start_index:end_index] for k, v in self.inputs.items()}]

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        return self._next.pop() if self._next else None


def _seen(images: NDArray[np.uint8], coding: Coding) -> NDArray[np.float32]:
    """Canvases [B, 1, 48, 48], 0..255, of stills that went through the link."""
    frames = 1 if coding.qp is None else STEADY_FRAMES
    clips = torch.from_numpy(images).float()[:, None].expand(-1, frames, -1, -1)
    chips = Link().last_frames(clips, coding)
    return np.asarray(canvas_.to_canvas(chips, SIZES_PX[1]).numpy() * 255, np.float32)


def _with_int8(data: bytes, seen: _Calibrating) -> bytes:
    """The graph with 8-bit convolutions behind the first block."""
    with tempfile.TemporaryDirectory(prefix="narrowcast-") as name:
        plain, prepared, out = (Path(name) / f"{step}.onnx" for step in ("a", "b", "c"))
        plain.write_bytes(data)
        quant_pre_process(plain, prepared, skip_symbolic_shape=True)
        with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
            quantize_static(
                prepared,
                out,
                seen,
                quant_format=QuantFormat.QDQ,
                op_types_to_quantize=["Conv", "Add", "Relu"],
                nodes_to_quantize=_quantised(onnx.load(prepared)),
                per_channel=True,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
                calibrate_method=CalibrationMethod.Percentile,
                extra_options={"CalibPercentile": KEPT, "CalibStridedMinMax": FACES},
            )
        return out.read_bytes()


def _quantised(graph: Any) -> list[str]:  # noqa: ANN401 - onnx.ModelProto, which is untyped in part
    """Names of the convolutions of all blocks but the first, and of what adds to them and cuts."""
    blocks = {name for node in graph.graph.node if (name := _block(node)) is not None}
    first = min(blocks) if len(blocks) > 1 else None
    behind: set[str] = set()  # tensors that come out of such a convolution
    names = []
    for node in graph.graph.node:  # in the order of computation
        block = _block(node)
        follows = node.op_type in {"Add", "Relu"} and not behind.isdisjoint(node.input)
        if follows or (block is not None and block != first):
            behind.update(node.output)
            names.append(node.name)
    return names


def _block(node: Any) -> int | None:  # noqa: ANN401 - onnx.NodeProto
    """The number of the block that a convolution belongs to."""
    found = re.search(r"\bblocks\.(\d+)\.", node.input[1]) if node.op_type == "Conv" else None
    return None if found is None else int(found[1])


def _difference(plain: bytes, quantised: bytes, seen: _Calibrating) -> float:
    """Root mean square of what 8 bits change of valence."""
    a, b = (
        np.asarray(onnx_backend.session(data).run(READINGS[:1], seen.inputs)[0])
        for data in (plain, quantised)
    )
    return round(float(np.sqrt(np.mean(np.square(a - b)))), 4)


def _write(data: bytes, path: Path) -> str:
    """Write a file; its checksum. Raises WeightsError where that cannot be done."""
    try:
        path.write_bytes(data)
    except OSError as error:
        raise WeightsError(f"{path} cannot be written ({error.strerror})") from error
    return model_card.sha256(path)
