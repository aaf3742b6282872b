"""The smallest experiment that has every part of the paper's."""

from collections.abc import Callable

import pytest

from narrowcast_models.data.faces import LabelledFaces
from narrowcast_models.networks.paper import PaperNetworkConfig
from narrowcast_models.paper.config import PaperConfig
from narrowcast_models.paper.table import PaperFaces

SMALL = PaperConfig(
    network=PaperNetworkConfig(canvas_px=40, width=1 / 32),
    iterations=3,
    sr_iterations=4,
    batch_size=8,
    rate=0.05,
    sr_patch_px=20,
    max_factor=12,
    seed=3,
)


@pytest.fixture
def small() -> PaperConfig:
    return SMALL


@pytest.fixture
def faces(make_faces: Callable[..., LabelledFaces]) -> PaperFaces:
    return PaperFaces(make_faces(40), make_faces(24, seed=1))
