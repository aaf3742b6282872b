"""Batches and runs over several origins of faces, and film between them."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from narrowcast_models.data.faces import LabelledFaces
from narrowcast_models.emotions import EMOTIONS, VALENCES
from narrowcast_models.networks.one_for_all import OneForAll, OneForAllConfig
from narrowcast_models.training.batches import Batch, Batches, FilmFaces
from narrowcast_models.training.config import TrainConfig
from narrowcast_models.training.film import Film, FilmConfig
from narrowcast_models.training.losses import LossWeights
from narrowcast_models.training.mixture import MixtureConfig
from narrowcast_models.training.motion import MotionConfig
from narrowcast_models.training.run import Run
from narrowcast_models.training.sensor import SensorConfig
from narrowcast_shared.errors import DataError

MakeFaces = Callable[..., LabelledFaces]

CONFIG = TrainConfig(
    epochs=2,
    batch_size=16,
    groups=2,
    average_decay=0.5,
    network=OneForAllConfig(widths=(4, 6, 8), blocks=(1, 1, 1), condition_width=4),
    mixture=MixtureConfig(sizes_px=(48, 16, 8), weights=(1, 1, 1), max_frames=3),
    film=FilmConfig(groups=0.25),
)


def _generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def _numbered(faces: LabelledFaces, first: int) -> LabelledFaces:
    """Faces told by their valence."""
    numbers = np.arange(first, first + len(faces), dtype=np.float32)
    return LabelledFaces(faces.name, faces.images, numbers, faces.shares)


def _film(make_faces: MakeFaces, taught: bool = True) -> FilmFaces:
    """Two clips; the teacher, where there is one, reads each chip as surely of another emotion."""
    shown = Film([make_faces(30, side=96, seed=s).images for s in (5, 6)])
    shares = np.eye(len(EMOTIONS), dtype=np.float32)[np.arange(60) % len(EMOTIONS)]
    return FilmFaces(shown, shares if taught else None)


def _equal(one: Batch, other: Batch) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def test_faces_of_two_sides_in_one_epoch(make_faces: MakeFaces) -> None:
    """Groups of 8: five full ones of 44 faces of 48 px, three of 24 of 96 px."""
    origins = [_numbered(make_faces(44), 0), _numbered(make_faces(24, side=96), 100)]
    batches = Batches(origins, CONFIG, _generator())
    assert len(batches) == 4
    orders = []
    for _ in range(2):
        made = list(batches.epoch())
        assert {batch.canvas.shape for batch in made} == {(16, 1, 48, 48)}
        assert {batch.before.shape for batch in made} == {(16, 1, 48, 48)}
        seen = torch.cat([batch.valence for batch in made]).tolist()
        assert len(set(seen)) == len(seen) == 64
        assert sum(number >= 100 for number in seen) == 24
        for group in torch.tensor(seen).view(-1, 8):
            assert len((group >= 100).unique()) == 1, "a group is of one origin"
        orders.append(seen)
    assert orders[0] != orders[1]


def test_a_face_keeps_its_targets(make_faces: MakeFaces) -> None:
    origins = [make_faces(16), make_faces(16, side=96, seed=4)]
    for batch in Batches(origins, CONFIG, _generator()).epoch():
        assert torch.allclose(batch.valence, batch.shares @ torch.tensor(VALENCES), atol=1e-5)
        # The faces' gradient goes with their votes: what is shown is what is labelled.
        slope = batch.before[:, 0, 30:].mean(dim=(1, 2)) - batch.before[:, 0, :18].mean(dim=(1, 2))
        assert np.corrcoef(slope, batch.valence)[0, 1] > 0.8


def test_an_origin_too_small_for_a_group_is_left_out(make_faces: MakeFaces) -> None:
    origins = [_numbered(make_faces(32), 0), _numbered(make_faces(7, side=96), 100)]
    (first, second) = Batches(origins, CONFIG, _generator()).epoch()
    assert torch.cat([first.valence, second.valence]).max() < 100


def test_film_has_its_share_of_the_groups(make_faces: MakeFaces) -> None:
    """Six groups of stills and two of film; its targets are the teacher's of the last frame."""
    batches = Batches([make_faces(48)], CONFIG, _generator(), _film(make_faces))
    assert len(batches) == 4
    shares = torch.cat([batch.shares for batch in batches.epoch()]).view(8, 8, -1)
    sure = (shares.max(dim=2).values == 1).all(dim=1)
    assert int(sure.sum()) == 2
    assert len(shares[sure].flatten(0, 1).argmax(dim=1).unique()) > 1


def test_without_a_teacher_film_is_only_borrowed_from(make_faces: MakeFaces) -> None:
    """As many steps as without film; single frames are as they were, moving ones are not."""
    faces = [make_faces(32)]
    still = replace(
        CONFIG,
        mixture=MixtureConfig(sizes_px=(48,), weights=(1,), coded=1, min_qp=20, max_qp=20),
        motion=MotionConfig(0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0),
        sensor=SensorConfig(dim=0, max_noise=0, normalised=0),
        film=FilmConfig(moved=1.0, strength=(1.8, 1.8)),
    )
    shown = _film(make_faces, taught=False)
    assert len(Batches(faces, still, _generator(), shown)) == len(
        Batches(faces, still, _generator())
    )
    moved = next(Batches(faces, still, _generator(), shown).epoch())
    assert torch.isfinite(moved.canvas).all()
    one_frame = replace(still, mixture=still.mixture._replace(max_frames=1))
    alike = [next(Batches(faces, one_frame, _generator(), film).epoch()) for film in (shown, None)]
    assert _equal(*alike)
    never = replace(still, film=FilmConfig(moved=0.0))
    rigid = next(Batches(faces, never, _generator(), shown).epoch())
    assert torch.equal(moved.valence, rigid.valence), "the same faces"
    assert not torch.equal(moved.before, rigid.before)


def test_the_generator_decides(make_faces: MakeFaces) -> None:
    origins, shown = [make_faces(32), make_faces(16, side=96)], _film(make_faces)
    made = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        made.append(list(Batches(origins, CONFIG, _generator(), shown).epoch()))
    assert all(_equal(a, b) for a, b in zip(*made, strict=True))


class _Stopped(Run):
    """Pulls the plug once the first epoch is saved."""

    def _save(self) -> None:
        super()._save()
        raise KeyboardInterrupt


def test_stopped_and_resumed_is_never_stopped(make_faces: MakeFaces, tmp_path: Path) -> None:
    """With two origins, film, and a loss that asks the averaged network: the same to the bit."""
    origins, shown = [make_faces(24), make_faces(16, side=96)], _film(make_faces)
    config = replace(CONFIG, loss=LossWeights(clean=0.5))

    def run(kind: type[Run], folder: str) -> OneForAll:
        return kind(origins, config, tmp_path / folder, shown).train()

    through = run(Run, "through").state_dict()
    with pytest.raises(KeyboardInterrupt):
        run(_Stopped, "stopped")
    torch.manual_seed(99)  # another process would stand anywhere
    resumed = run(Run, "stopped").state_dict()
    for name, tensor in through.items():
        assert torch.equal(tensor, resumed[name]), name


def test_the_clean_reading_is_learned_from(make_faces: MakeFaces, tmp_path: Path) -> None:
    faces = [make_faces(32)]
    config = replace(CONFIG, epochs=1)
    with_it = replace(config, loss=LossWeights(clean=0.5))
    alone = Run(faces, config, tmp_path / "alone").train()
    agreed = Run(faces, with_it, tmp_path / "agreed").train()
    assert not torch.equal(alone.shares.weight, agreed.shares.weight)


def test_too_few_faces_of_all_origins(make_faces: MakeFaces, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="14 faces do not fill one batch of 16"):
        Run([make_faces(7), make_faces(7, side=96)], CONFIG, tmp_path)
