"""Clips to calibrate on: a face each, read where the stream is steady."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from narrowcast_models.coding import Coding
from narrowcast_models.data.faces import LabelledFaces
from narrowcast_models.networks.one_for_all import OneForAll
from narrowcast_models.recogniser.torch_backend import TorchRecogniser
from narrowcast_models.training import held_out

MakeFaces = Callable[..., LabelledFaces]


def test_every_face_has_a_clip_of_its_own(make_faces: MakeFaces) -> None:
    faces = make_faces(20)
    made = held_out.moving(faces, torch.Generator().manual_seed(0))
    assert made.clips.shape == (20, held_out.FRAMES, 48, 48)
    assert sorted(made.valence) == sorted(faces.valence)
    assert made.labels.tolist() == np.repeat(made.valence, 3).tolist()
    assert (made.clips[:, 0] != made.clips[:, -1]).any(axis=(1, 2)).all(), "it moves"


@pytest.mark.parametrize("coding", [Coding(24, None), Coding(24, 36)])
def test_three_readings_a_face(
    coding: Coding, tiny_network: OneForAll, make_faces: MakeFaces
) -> None:
    """In the order of the faces, and what others show does not matter."""
    made = held_out.moving(make_faces(3), torch.Generator().manual_seed(0))
    read = held_out.read(TorchRecogniser(tiny_network), made, coding)
    assert read.valence.shape == read.sigma.shape == (9,)
    again = held_out.read(TorchRecogniser(tiny_network), made, coding)
    assert np.array_equal(read.valence, again.valence)
    second = held_out.HeldOut(made.clips[1:2], made.valence[1:2])
    alone = held_out.read(TorchRecogniser(tiny_network), second, coding)
    assert alone.valence == pytest.approx(read.valence[3:6], abs=1e-4)
