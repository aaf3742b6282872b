"""Batches are functions of seed and step; the mixture mixes."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from narrowcast_models import canvas
from narrowcast_models.data.faces import LabelledFaces
from narrowcast_models.paper.batches import FaceBatches, Stream, degrade, stream_seed
from narrowcast_models.paper.config import PaperConfig
from narrowcast_models.paper.table import PaperFaces
from narrowcast_shared.errors import DataError

CPU = torch.device("cpu")


def _batches(faces: PaperFaces, factors: tuple[int, ...], config: PaperConfig) -> FaceBatches:
    return FaceBatches(faces.train, factors, config, CPU)


def test_the_mixture_mixes(faces: PaperFaces, small: PaperConfig) -> None:
    """Each face gets a factor of its own; over many steps all are as frequent."""
    batches = _batches(faces, (3, 4, 6), small)
    drawn = [batches.factors_of(step) for step in range(300)]
    assert sum(len(set(batch.tolist())) > 1 for batch in drawn) > 290
    counts = Counter(torch.cat(drawn).tolist())
    assert counts.keys() == {3, 4, 6}
    for count in counts.values():
        assert count / (300 * small.batch_size) == pytest.approx(1 / 3, abs=0.04)


def test_each_face_arrives_at_the_factor_that_was_drawn(
    faces: PaperFaces, small: PaperConfig
) -> None:
    config = replace(small, mirror=False)
    batches = _batches(faces, (3, 16), config)
    batch = batches.recognition(0)
    by_valence = {float(v): i for i, v in enumerate(faces.train.valence)}
    for row, factor in enumerate(batches.factors_of(0).tolist()):
        face = by_valence[float(batch.valence[row])]
        image = torch.from_numpy(faces.train.images[face : face + 1]).float()
        expected = canvas.normalise(degrade(image, factor, config.network.canvas_px))
        assert torch.allclose(batch.canvas[row], expected[0], atol=1e-5)


def test_a_step_has_its_batch_whenever_it_is_asked(faces: PaperFaces, small: PaperConfig) -> None:
    here, there = _batches(faces, (3, 6), small), _batches(faces, (3, 6), small)
    for step in range(9):
        here.recognition(step)
    assert torch.equal(here.recognition(7).canvas, there.recognition(7).canvas)
    assert not torch.equal(here.recognition(7).canvas, here.recognition(8).canvas)
    other = _batches(faces, (3, 6), replace(small, seed=4))
    assert not torch.equal(here.recognition(7).canvas, other.recognition(7).canvas)


def test_no_two_draws_share_a_seed() -> None:
    """Else a face's factor could go with its being mirrored."""
    seeds = [
        stream_seed(seed, stream, index)
        for seed in range(3)
        for stream in Stream
        for index in (0, 1, 500_000)
    ]
    assert len(set(seeds)) == len(seeds)


def test_an_epoch_shows_each_face_once(faces: PaperFaces, small: PaperConfig) -> None:
    batches = _batches(faces, (3,), small)
    for epoch in range(2):
        steps = range(5 * epoch, 5 * epoch + 5)
        seen = torch.cat([batches.recognition(step).valence for step in steps])
        assert sorted(seen.tolist()) == sorted(faces.train.valence.tolist())


def test_patches_face_the_middle_of_the_truth(faces: PaperFaces, small: PaperConfig) -> None:
    """At factor 1 nothing is lost, so the truth is the input without its margin."""
    batch = _batches(faces, (1,), small).patches(3)
    assert batch.enlarged.shape == (8, 1, 20, 20)
    assert batch.truth.shape == (8, 1, 4, 4)
    assert torch.equal(batch.truth, batch.enlarged[..., 8:12, 8:12])


@pytest.mark.parametrize("factor", [3, 6, 16])
def test_what_arrives_holds_less(faces: PaperFaces, factor: int) -> None:
    images = torch.from_numpy(faces.train.images).float()
    true, seen = degrade(images, 1, 48), degrade(images, factor, 48)
    assert seen.shape == true.shape == (40, 1, 48, 48)
    errors = [float((degrade(images, f, 48) - true).square().mean()) for f in (factor, 2 * factor)]
    assert 0 < errors[0] < errors[1]


def test_too_few_faces(make_faces: Callable[..., LabelledFaces], small: PaperConfig) -> None:
    with pytest.raises(DataError, match="do not fill one batch"):
        FaceBatches(make_faces(7), (3,), small, CPU)
