"""The training loop on a handful of random faces: it learns, stops, goes on, and refuses."""

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from narrowcast_models.data.faces import LabelledFaces
from narrowcast_models.networks.one_for_all import OneForAll, OneForAllConfig
from narrowcast_models.training.batches import Batches, FilmFaces
from narrowcast_models.training.config import TrainConfig
from narrowcast_models.training.mixture import MixtureConfig
from narrowcast_models.training.motion import MotionConfig
from narrowcast_models.training.run import STATE_FILE, Run
from narrowcast_shared.errors import DataError

MakeFaces = Callable[..., LabelledFaces]

CONFIG = TrainConfig(
    epochs=2,
    batch_size=16,
    groups=2,
    average_decay=0.5,
    network=OneForAllConfig(widths=(4, 6, 8), blocks=(1, 1, 1), condition_width=4),
    mixture=MixtureConfig(sizes_px=(48, 16, 8), weights=(1, 1, 1), max_frames=2),
)


class _Epochs(logging.Handler):
    """Hears the loss of each epoch, and may pull the plug once one is saved."""

    def __init__(self, stop_after: int | None = None) -> None:
        super().__init__()
        self.losses: list[float] = []
        self._stop_after = stop_after

    def emit(self, record: logging.LogRecord) -> None:
        if "loss" in record.msg and isinstance(record.args, tuple):
            epoch, _, loss = record.args
            self.losses.append(float(loss))  # type: ignore[arg-type]
            if epoch == self._stop_after:
                raise KeyboardInterrupt


def _train(
    faces: LabelledFaces,
    config: TrainConfig,
    folder: Path,
    stop_after: int | None = None,
    film: FilmFaces | None = None,
) -> tuple[OneForAll, list[float]]:
    epochs = _Epochs(stop_after)
    logger = logging.getLogger("narrowcast_models.training.run")
    logger.addHandler(epochs)
    logger.setLevel(logging.INFO)
    try:
        return Run([faces], config, folder, film).train(), epochs.losses
    finally:
        logger.removeHandler(epochs)


def test_the_loss_falls(make_faces: MakeFaces, tmp_path: Path) -> None:
    network, losses = _train(make_faces(96), replace(CONFIG, epochs=5), tmp_path)
    assert len(losses) == 5
    assert losses[-1] < 0.8 * losses[0]
    assert not network.training


def test_stopped_and_resumed_is_never_stopped(make_faces: MakeFaces, tmp_path: Path) -> None:
    """1. train through  2. train elsewhere, Ctrl-C after epoch 1  3. go on: the same to the bit."""
    faces = make_faces(48)
    through, losses = _train(faces, CONFIG, tmp_path / "through")
    with pytest.raises(KeyboardInterrupt):
        _train(faces, CONFIG, tmp_path / "stopped", stop_after=1)
    torch.manual_seed(99)  # another process would stand anywhere
    resumed, rest = _train(faces, CONFIG, tmp_path / "stopped")
    assert rest == losses[1:]
    for name, tensor in through.state_dict().items():
        assert torch.equal(tensor, resumed.state_dict()[name]), name


def test_a_finished_run_is_not_trained_on(make_faces: MakeFaces, tmp_path: Path) -> None:
    faces = make_faces(32)
    once, _ = _train(faces, CONFIG, tmp_path)
    again, losses = _train(faces, CONFIG, tmp_path)
    assert losses == []
    for name, tensor in once.state_dict().items():
        assert torch.equal(tensor, again.state_dict()[name]), name


@pytest.mark.parametrize("change", [{"seed": 2}, {"epochs": 3}, {"motion": MotionConfig(0.1)}])
def test_another_configuration_is_refused(
    make_faces: MakeFaces, tmp_path: Path, change: dict[str, object]
) -> None:
    faces = make_faces(32)
    _train(faces, replace(CONFIG, epochs=1), tmp_path)
    before = (tmp_path / STATE_FILE).read_bytes()
    with pytest.raises(DataError, match="another configuration"):
        _train(faces, replace(replace(CONFIG, epochs=1), **change), tmp_path)  # type: ignore[arg-type]
    assert (tmp_path / STATE_FILE).read_bytes() == before


@pytest.mark.parametrize("spoil", [b"", b"no" * 99, None])
def test_a_damaged_state_is_told(
    make_faces: MakeFaces, tmp_path: Path, spoil: bytes | None
) -> None:
    config, path = replace(CONFIG, epochs=1), tmp_path / STATE_FILE
    _train(make_faces(32), config, tmp_path)
    half = path.read_bytes()[: path.stat().st_size // 2]
    path.write_bytes(half if spoil is None else spoil)
    with pytest.raises(DataError, match="damaged"):
        _train(make_faces(32), config, tmp_path)


def test_a_state_of_something_else(make_faces: MakeFaces, tmp_path: Path) -> None:
    torch.save({"weights": torch.zeros(3)}, tmp_path / STATE_FILE)
    with pytest.raises(DataError, match="no training state"):
        _train(make_faces(32), CONFIG, tmp_path)


def test_too_few_faces(make_faces: MakeFaces, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="do not fill one batch"):
        Run([make_faces(15)], CONFIG, tmp_path)


def test_an_epoch_shows_each_face_at_most_once(make_faces: MakeFaces) -> None:
    faces = make_faces(40)
    faces = LabelledFaces("numbered", faces.images, np.arange(40, dtype=np.float32), faces.shares)
    batches = Batches([faces], CONFIG, torch.Generator().manual_seed(0))
    assert len(batches) == 2
    orders = []
    for _ in range(2):
        seen = torch.cat([batch.valence for batch in batches.epoch()]).tolist()
        assert len(set(seen)) == len(seen) == 32
        orders.append(seen)
    assert orders[0] != orders[1]


def test_a_batch(make_faces: MakeFaces) -> None:
    """Four groups, of several codings; what was before the link is the same face, and finer."""
    config = replace(TrainConfig(), batch_size=16)
    batch = next(Batches([make_faces(32)], config, torch.Generator().manual_seed(0)).epoch())
    assert batch.canvas.shape == (16, 1, 48, 48)
    assert batch.conditions.shape == (16, 3)
    assert batch.shares.shape == (16, 8)
    assert len(batch.conditions.unique(dim=0)) > 1, "several codings a batch"
    assert float(batch.canvas.min()) >= 0
    assert float(batch.canvas.max()) <= 1
    assert batch.before.shape == batch.canvas.shape
    assert 0 < float((batch.before - batch.canvas).abs().mean()) < 0.15
    assert float(batch.before.std()) > float(batch.canvas.std())


def test_no_votes(make_faces: MakeFaces) -> None:
    faces = make_faces(32)
    faces = LabelledFaces("silent", faces.images, faces.valence)
    with pytest.raises(ValueError, match="no votes"):
        Batches([faces], CONFIG, torch.Generator())


def test_the_configuration_as_json() -> None:
    plain = TrainConfig().as_json()
    assert plain["network"]["canvas_px"] == 48
    assert plain["mixture"]["sizes_px"][0] == 96
    assert plain["epochs"] == TrainConfig().epochs


def test_bfloat16_learns_the_same(make_faces: MakeFaces, tmp_path: Path) -> None:
    """Coarser numbers on the way, full ones in the weights."""
    network, coarse = _train(make_faces(48), replace(CONFIG, bf16=True), tmp_path / "coarse")
    _, fine = _train(make_faces(48), CONFIG, tmp_path / "fine")
    assert {p.dtype for p in network.parameters()} == {torch.float32}
    assert coarse != fine
    assert coarse == pytest.approx(fine, rel=0.05)


def test_a_run_starts_from_another_network(
    tiny_network: OneForAll, make_faces: MakeFaces, tmp_path: Path
) -> None:
    """At a rate next to nothing it stays what it was."""
    still = replace(CONFIG, epochs=1, max_rate=1e-9, average_decay=0.0, network=tiny_network.config)
    run = Run([make_faces(32)], still, tmp_path)
    run.start_from(tiny_network)
    trained = run.train()
    for (name, a), b in zip(trained.named_parameters(), tiny_network.parameters(), strict=True):
        assert torch.allclose(a, b, atol=1e-6), name
