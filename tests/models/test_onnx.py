"""Models as ONNX: exported, they read as PyTorch does; a damaged file gives one clear line."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from click.testing import CliRunner

from narrowcast_models import checkpoint, model_card, onnx_export
from narrowcast_models.coding import Coding
from narrowcast_models.commands.models import models
from narrowcast_models.data import ferplus, lfw
from narrowcast_models.data.faces import LabelledFaces
from narrowcast_models.data.location import VARIABLE
from narrowcast_models.evaluation.sizes import Z_90, predict
from narrowcast_models.model_card import Card
from narrowcast_models.networks.one_for_all import OneForAll, OneForAllConfig
from narrowcast_models.recogniser import CodedChip, Precision, Reading, Recogniser
from narrowcast_models.recogniser.torch_backend import TorchRecogniser
from narrowcast_models.training import card as card_
from narrowcast_shared import metrics
from narrowcast_shared.errors import WeightsError

MAX_BYTES = 8_000_000
SHIPPED = ("oa", "oa-l")


def _save(network: OneForAll, path: Path) -> Path:
    network.calibration.table.uniform_(-0.2, 0.2)
    checkpoint.save(network, card_.describe("tiny", network, {}, [], "none"), path)
    return path


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny network in all its files; exporting takes seconds. Only to be read."""
    torch.manual_seed(7)
    config = OneForAllConfig(widths=(4, 6, 8), blocks=(1, 1, 1), condition_width=4)
    path = _save(OneForAll(config).eval(), tmp_path_factory.mktemp("models") / "tiny.safetensors")
    images = np.random.default_rng(0).integers(0, 256, (80, 48, 48), np.uint8)
    onnx_export.export(str(path), LabelledFaces("noise", images, np.zeros(80, np.float32)))
    return path


@pytest.fixture
def spoilt(exported: Path, tmp_path: Path) -> Path:
    """A copy, to be spoilt."""
    for file in exported.parent.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    return tmp_path / exported.name


def _chips(seed: int = 0) -> list[CodedChip]:
    rng = np.random.default_rng(seed)
    codings = [
        Coding(px, qp)
        for px in (4, 6, 17, 24, 33, 47, 48, 64, 95, 96)
        for qp in (None, 0, 23, 30, 45, 51)
    ]
    return [CodedChip(rng.integers(0, 256, (c.px, c.px), dtype=np.uint8), c) for c in codings]


def _apart(a: list[Reading], b: list[Reading]) -> float:
    return float(np.abs(np.array(a) - np.array(b)).max())


# --- the numbers -----------------------------------------------------------------------------


def test_float32_reads_as_pytorch_does(exported: Path) -> None:
    """All sizes, quantisers and batches, the corrections of calibration included."""
    here, there = (
        TorchRecogniser.of(str(exported)),
        Recogniser.load(str(exported), Precision.FLOAT32),
    )
    assert _apart(here.read(_chips()), there.read(_chips())) < 1e-4
    flat = [CodedChip(np.full((24, 24), 90, np.uint8), Coding(24, 30))]
    assert _apart(here.read(flat), there.read(flat)) < 1e-4


@pytest.mark.parametrize("model", SHIPPED)
def test_what_ships_reads_as_its_weights(model: str) -> None:
    here, there = TorchRecogniser.of(model), Recogniser.load(model, Precision.FLOAT32)
    assert _apart(here.read(_chips()), there.read(_chips())) < 1e-3


@pytest.mark.parametrize("precision", [Precision.FLOAT32, Precision.INT8])
def test_a_batch_reads_as_its_chips_alone(precision: Precision) -> None:
    """What makes a recording and its live series the same."""
    recogniser, chips = Recogniser.load("oa", precision), _chips()
    alone = [recogniser.read([chip])[0] for chip in chips]
    assert _apart(recogniser.read(chips), alone) < 5e-4
    assert recogniser.read([]) == []


def test_pictures_are_those_of_pytorch(exported: Path) -> None:
    here, there = TorchRecogniser.of(str(exported)), Recogniser.load(str(exported))
    for a, b in zip(here.super_resolve(_chips()), there.super_resolve(_chips()), strict=True):
        assert (b.dtype, b.shape) == (np.uint8, (48, 48))
        assert np.abs(a.astype(int) - b).max() <= 1


def test_a_model_without_pictures_says_so() -> None:
    with pytest.raises(WeightsError, match="makes no pictures"):
        Recogniser.load("oa-l").super_resolve(_chips()[:1])


def test_int8_is_near_float32(exported: Path) -> None:
    whole = Recogniser.load(str(exported), Precision.FLOAT32).read(_chips())
    coarse = Recogniser.load(str(exported), Precision.INT8).read(_chips())
    assert 0 < _apart(whole, coarse) < 0.2
    card = model_card.read_card(exported.with_suffix(".json"))
    assert card.onnx is not None
    assert card.onnx.int8_rms_difference is not None
    assert 0 < card.onnx.int8_rms_difference < 0.05
    assert card.onnx.calibration == "1536 chips of noise, of its training part"


def test_int8_multiplies_in_8_bits_behind_the_first_block(exported: Path) -> None:
    graph = onnx.load(exported.with_suffix(".int8.onnx")).graph
    made = {name: node for node in graph.node for name in node.output}
    kinds = [
        node.input[1] in made and made[node.input[1]].op_type == "DequantizeLinear"
        for node in graph.node
        if node.op_type == "Conv"
    ]
    assert kinds == [False] * 3 + [True] * 6  # stem and first block; two more with shortcuts


@pytest.mark.parametrize(
    "config",
    [
        OneForAllConfig(widths=(4, 6), blocks=(0, 1), condition_width=4, features=0),
        OneForAllConfig(widths=(4, 6), blocks=(1, 1), condition_width=4, features=8, unshuffle=4),
    ],
)
def test_other_networks(config: OneForAllConfig, tmp_path: Path) -> None:
    path = _save(OneForAll(config).eval(), tmp_path / "other.safetensors")
    onnx_export.export(str(path), None)
    here, there = TorchRecogniser.of(str(path)), Recogniser.load(str(path), Precision.FLOAT32)
    assert _apart(here.read(_chips()), there.read(_chips())) < 1e-4


@pytest.mark.data
@pytest.mark.skipif(not os.environ.get(VARIABLE), reason=f"{VARIABLE} names no data folder")
def test_int8_costs_next_to_no_ccc() -> None:
    """On faces that neither training nor the ranges of 8-bit numbers have seen."""
    whole, coarse = TorchRecogniser.of("oa"), Recogniser.load("oa", Precision.INT8)
    for faces in (ferplus.load().eval_clean, lfw.load().validation):
        for coding in (Coding(48, None), Coding(24, 36), Coding(16, 30), Coding(8, 36)):
            a, b = predict(whole, faces, coding), predict(coarse, faces, coding)
            ccc = [metrics.score(each.valence, faces.valence).ccc for each in (a, b)]
            assert ccc[1] > ccc[0] - 0.003, (faces.name, coding)
            inside = [np.mean(np.abs(p.valence - faces.valence) <= Z_90 * p.sigma) for p in (a, b)]
            assert abs(inside[1] - inside[0]) < 0.01, (faces.name, coding)


# --- the files -------------------------------------------------------------------------------


@pytest.mark.parametrize("model", SHIPPED)
def test_what_ships_is_exported(model: str) -> None:
    path, card = model_card.find(model)
    assert card.onnx is not None
    assert {".onnx", ".int8.onnx"} <= set(card.onnx.sha256)
    for ending in card.onnx.sha256:
        model_card.read_onnx(model, ending)
        assert path.with_suffix(ending).stat().st_size < MAX_BYTES
    graph = onnx.load(path.with_suffix(".onnx"))
    assert graph.opset_import[0].version == card.onnx.opset


def test_the_card_of_new_weights_knows_no_old_files(spoilt: Path) -> None:
    network, card = checkpoint.load(str(spoilt))
    checkpoint.save(network, card, spoilt)
    with pytest.raises(WeightsError, match=r"names no tiny.onnx: run `narrowcast models export"):
        Recogniser.load(str(spoilt), Precision.FLOAT32)


def test_a_decoder_needs_no_safetensors(spoilt: Path) -> None:
    spoilt.unlink()
    assert Recogniser.load(str(spoilt)).read(_chips())


def test_exported_again_they_are_the_same(exported: Path, spoilt: Path) -> None:
    onnx_export.export(str(spoilt), None)
    assert spoilt.with_suffix(".onnx").read_bytes() == exported.with_suffix(".onnx").read_bytes()


def test_the_command_exports_what_is_named(spoilt: Path) -> None:
    """Without the 8-bit file, the old one is gone, and `auto` reads in float32."""
    words = ["export", str(spoilt), "--no-int8"]
    result = CliRunner().invoke(models, words, catch_exceptions=False)
    assert result.output == "exported tiny: .onnx, .sr.onnx\n"
    assert not spoilt.with_suffix(".int8.onnx").exists()
    with pytest.raises(WeightsError, match=r"names no tiny\.int8\.onnx"):
        Recogniser.load(str(spoilt), Precision.INT8)
    assert Recogniser.load(str(spoilt)).read(_chips())


def test_no_weights_to_export(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="there are no weights at"):
        onnx_export.export(str(tmp_path / "none.safetensors"), None)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (Path.unlink, "is missing"),
        (_cut, "checksum differs"),
        (_flip, "checksum differs"),
        (lambda path: path.write_bytes(b""), "checksum differs"),
    ],
)
@pytest.mark.parametrize("ending", [".onnx", ".int8.onnx"])
def test_a_damaged_file(
    spoilt: Path, ending: str, spoil: Callable[[Path], object], told: str
) -> None:
    spoil(spoilt.with_suffix(ending))
    precision = Precision.INT8 if "int8" in ending else Precision.FLOAT32
    with pytest.raises(WeightsError, match=told) as caught:
        Recogniser.load(str(spoilt), precision)
    assert "\n" not in str(caught.value)


def _with_checksum_of(path: Path, ending: str, data: bytes) -> None:
    """Other bytes under a true checksum."""
    path.with_suffix(ending).write_bytes(data)
    card = json.loads(path.with_suffix(".json").read_text())
    card["onnx"]["sha256"][ending] = model_card.sha256(path.with_suffix(ending))
    path.with_suffix(".json").write_text(json.dumps(card))


@pytest.mark.parametrize("data", [b"", b"\x00" * 99, b"\xff" * 100, b"PK\x03\x04" + bytes(50)])
def test_no_onnx_under_a_true_checksum(spoilt: Path, data: bytes) -> None:
    _with_checksum_of(spoilt, ".onnx", data)
    with pytest.raises(
        WeightsError, match=r"tiny\.onnx (cannot be loaded|is no network)"
    ) as caught:
        Recogniser.load(str(spoilt), Precision.FLOAT32)
    assert "\n" not in str(caught.value)


def test_another_network_under_a_true_checksum(spoilt: Path) -> None:
    _with_checksum_of(spoilt, ".onnx", spoilt.with_suffix(".sr.onnx").read_bytes())
    with pytest.raises(WeightsError, match="is no network of narrowcast"):
        Recogniser.load(str(spoilt), Precision.FLOAT32)


def test_the_papers_network_is_refused() -> None:
    with pytest.raises(WeightsError, match="architecture 'paper', not 'one-for-all'"):
        Recogniser.load("paper")


def test_a_card_of_before_there_were_onnx_files_is_a_card() -> None:
    card = model_card.read_card(model_card.WEIGHTS_FOLDER / "paper.json")
    assert isinstance(card, Card)
    assert card.onnx is None
