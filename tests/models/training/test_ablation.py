"""Variants trained, scored and kept: stopped, resumed, refused."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from narrowcast_models import checkpoint, model_card
from narrowcast_models import coding as coding_
from narrowcast_models.coding import Coding
from narrowcast_models.data.faces import LabelledFaces
from narrowcast_models.networks.one_for_all import OneForAll, OneForAllConfig
from narrowcast_models.training import ablation as ablation_
from narrowcast_models.training import card
from narrowcast_models.training.ablation import Ablation, AblationCell, AblationFaces, forget_codec
from narrowcast_models.training.config import TrainConfig
from narrowcast_models.training.mixture import MixtureConfig
from narrowcast_models.training.run import Run
from narrowcast_shared.errors import DataError, WeightsError


def conditions(codings: Sequence[Coding]) -> torch.Tensor:
    """As the network is told them."""
    return torch.from_numpy(coding_.conditions(codings))


CODINGS = (Coding(48, None), Coding(8, None), Coding(48, 36))

TINY = TrainConfig(
    epochs=2,
    batch_size=16,
    groups=2,
    average_decay=0.5,
    network=OneForAllConfig(widths=(4, 6, 8), blocks=(1, 1, 1), condition_width=4),
    mixture=MixtureConfig(sizes_px=(48, 8), weights=(1, 1), max_frames=2),
)


@pytest.fixture
def faces(make_faces: Callable[..., LabelledFaces]) -> AblationFaces:
    train = make_faces(32)
    return AblationFaces(lambda _: [train], make_faces(25, seed=1))


@pytest.fixture
def make(faces: AblationFaces, tmp_path: Path) -> Callable[..., list[AblationCell]]:
    """`make(names, base)`: cells in tmp_path/out of runs in tmp_path/run."""

    def made(*names: str, base: TrainConfig = TINY) -> list[AblationCell]:
        ablation = Ablation(faces, base, tmp_path / "run", tmp_path / "out", CODINGS)
        return ablation.make(names)

    return made


Make = Callable[..., list[AblationCell]]


def test_the_parts_share_no_face(faces: AblationFaces) -> None:
    assert (len(faces.calibration), len(faces.test)) == (7, 18)
    assert not set(faces.calibration.valence) & set(faces.test.valence)


def test_a_cell_tells_all(make: Make, tmp_path: Path) -> None:
    make("dedicated-8")
    cell = json.loads((tmp_path / "out" / "dedicated-8.json").read_text())
    assert cell["variant"] == "dedicated-8"
    assert (cell["config"]["epochs"], cell["config"]["seed"]) == (2, 1)
    assert cell["config"]["mixture"]["sizes_px"] == [8]
    assert cell["git_revision"]
    assert cell["seconds"] >= 0
    assert cell["teacher_sha256"] is None
    assert (cell["train_faces"], cell["calibration_faces"], cell["test_faces"]) == (32, 7, 18)
    assert [(row["px"], row["qp"]) for row in cell["figures"]] == [(8, None)]
    assert cell["figures"][0].keys() == {
        "px", "qp", "ccc", "cc", "rmse", "ccc_low", "ccc_high",
    }  # fmt: skip


def test_what_is_finished_is_kept_and_what_was_begun_goes_on(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """1. stop in the second variant, after its first epoch  2. go on: that epoch is not made again
    3. all there: nothing is trained, and the table has them in its order.
    """
    real = Run._save
    saves: list[str] = []

    def save(run: Run) -> None:
        real(run)
        saves.append(f"{run._path.parent.name} {run._epoch}")
        if saves == ["dedicated-8 1", "dedicated-8 2", "base 1"]:
            raise KeyboardInterrupt

    monkeypatch.setattr(Run, "_save", save)
    with pytest.raises(KeyboardInterrupt):
        make("dedicated-8", "base")
    assert [path.name for path in (tmp_path / "out").glob("*")] == ["dedicated-8.json"]
    first = (tmp_path / "out" / "dedicated-8.json").read_bytes()
    cells = make("dedicated-8", "base")
    assert saves[3:] == ["base 2"]
    assert [cell.variant for cell in cells] == ["base", "dedicated-8"]
    assert make("base") == cells
    assert saves[3:] == ["base 2"]
    assert (tmp_path / "out" / "dedicated-8.json").read_bytes() == first


def test_another_configuration_is_refused(make: Make, tmp_path: Path) -> None:
    make("dedicated-8")
    with pytest.raises(DataError, match=r"dedicated-8\.json was made with another"):
        make("base", base=replace(TINY, seed=2))
    assert not (tmp_path / "run" / "base").exists(), "nothing was trained before it was told"


def test_figures_of_other_codings_are_refused(
    make: Make, faces: AblationFaces, tmp_path: Path
) -> None:
    make("dedicated-8")
    other = Ablation(faces, TINY, tmp_path / "run", tmp_path / "out", (Coding(8, 36),))
    with pytest.raises(DataError, match="another configuration"):
        other.make(["dedicated-8"])


def test_a_damaged_cell(make: Make, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "base.json").write_text("{}")
    with pytest.raises(DataError, match="no cell"):
        make("base")


def test_the_teacher(
    make: Make, tiny_network: OneForAll, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """1. told before anything is trained where it is missing  2. recorded where it is there."""
    monkeypatch.setattr(model_card, "WEIGHTS_FOLDER", tmp_path)
    with pytest.raises(WeightsError, match="oa-l"):
        make("base", "taught")
    assert not (tmp_path / "run").exists()
    path = tmp_path / "oa-l.safetensors"
    saved = checkpoint.save(tiny_network, card.describe("oa-l", tiny_network, {}, [], "-"), path)
    (cell,) = make("taught")
    assert cell.teacher_sha256 == saved.sha256
    assert cell.config["targets"]["own"] == "oa-l"


def test_blind_to_the_codec(tiny_network: OneForAll) -> None:
    """The same chip, told four ways: only its size makes a difference."""
    chip = torch.rand(1, 1, 48, 48)

    def read(*told: Coding) -> list[float]:
        return [float(tiny_network(chip, conditions([coding])).expected) for coding in told]

    told = (Coding(8, None), Coding(8, 24), Coding(8, 42), Coding(48, None))
    with torch.inference_mode():
        assert len(set(read(*told))) == 4
        forget_codec(tiny_network)
        at_8, *coded, at_48 = read(*told)
    assert coded == [at_8, at_8]
    assert at_48 != at_8


def test_only_no_codec_is_made_blind(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    blinded: list[OneForAll] = []
    monkeypatch.setattr(ablation_, "forget_codec", blinded.append)
    make("base")
    assert not blinded
    make("no-codec")
    assert len(blinded) == 1
