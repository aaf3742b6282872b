"""Random faces and tiny networks: everything here runs in seconds and needs no data set."""

import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from narrowcast_models.data.faces import LabelledFaces
from narrowcast_models.emotions import EMOTIONS, VALENCES
from narrowcast_models.networks.one_for_all import OneForAll, OneForAllConfig

TINY = OneForAllConfig(widths=(4, 6, 8), blocks=(1, 1, 1), condition_width=4)


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    """Tiny tensors: threads would only wait for each other. And the same numbers at every run."""
    torch.set_num_threads(1)
    torch.manual_seed(0)


@pytest.fixture
def tiny_network() -> OneForAll:
    """Random weights from a seed, with statistics unlike a fresh network's."""
    torch.manual_seed(7)
    network = OneForAll(TINY)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            assert module.running_mean is not None
            assert module.running_var is not None
            module.running_mean.uniform_(-0.5, 0.5)
            module.running_var.uniform_(0.5, 2)
    return network.eval()


@pytest.fixture
def make_faces() -> Callable[..., LabelledFaces]:
    """`make_faces(count)`: blurred noise whose brightness gradient goes with its votes."""
    return _make_faces


def _make_faces(count: int, side: int = 48, seed: int = 0) -> LabelledFaces:
    rng = np.random.default_rng(seed)
    happy = rng.random(count)
    ramp = np.linspace(-1, 1, side)[None, :, None] * np.ones((1, 1, side))
    noise = rng.normal(0, 20, (count, side, side))
    images = 128 + 100 * (2 * happy[:, None, None] - 1) * ramp + noise
    shares = np.zeros((count, len(EMOTIONS)), np.float32)
    shares[:, EMOTIONS.index("happiness")] = happy
    shares[:, EMOTIONS.index("sadness")] = 1 - happy
    valence = (shares @ np.array(VALENCES, np.float32)).astype(np.float32)
    return LabelledFaces("random", images.clip(0, 255).astype(np.uint8), valence, shares)


@pytest.fixture(scope="session")
def _ferplus_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """640 random faces in FER+'s layout; WebP takes its second or two once."""
    faces = _make_faces(640)
    assert faces.shares is not None
    row = np.arange(640)
    folder = tmp_path_factory.mktemp("ferplus")
    votes = np.zeros((640, 10), np.uint8)
    votes[:, : len(EMOTIONS)] = np.rint(10 * faces.shares)
    np.savez(
        folder / "ferplus48.npz",
        votes=votes,
        valence=faces.valence,
        usage=(row >= 560).astype(np.uint8),
        keep=row % 7 > 0,
        eval_clean=(row >= 560) & (row % 7 > 0),
        dup_group=row.astype(np.int32),
    )
    mosaic = faces.images.reshape(2, 320, 48, 48).swapaxes(1, 2).reshape(96, 15360)
    lossless = [cv2.IMWRITE_WEBP_QUALITY, 101]
    assert cv2.imwrite(str(folder / "ferplus48.webp"), mosaic, lossless)
    return folder


@pytest.fixture
def ferplus_folder(_ferplus_files: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A data folder with 640 random faces as FER+, where NARROWCAST_DATA points. To be spoilt."""
    folder = tmp_path / "data"
    shutil.copytree(_ferplus_files, folder / "faces")
    monkeypatch.setenv("NARROWCAST_DATA", str(folder))
    return folder


@pytest.fixture
def training_folder(ferplus_folder: Path) -> Path:
    """Beside FER+, LFW of 40 random faces and what two made-up teachers read of them all."""
    faces = _make_faces(40, side=96, seed=1)
    row = np.arange(40)
    label = np.where(faces.valence > 0, EMOTIONS.index("happiness"), EMOTIONS.index("sadness"))
    np.savez(
        ferplus_folder / "faces" / "lfw96.npz",
        images=faces.images,
        person_id=row,
        split=(row >= 36).astype(np.uint8),
        label=label.astype(np.uint8),
        label_names=np.array(EMOTIONS),
        valence=np.array(VALENCES, np.float32)[label],
    )
    np.savez(ferplus_folder / "faces" / "teachers.npz", **_teachers(640, 40))
    return ferplus_folder


HUMAN = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
FACEAPI = ("neutral", "happy", "sad", "angry", "fearful", "disgusted", "surprised")


def _teachers(ferplus: int, lfw: int) -> dict[str, np.ndarray]:
    """Outputs drawn at random, in the layout of the file of teachers."""
    rng = np.random.default_rng(2)
    table = {"human_names": np.array(HUMAN), "faceapi_names": np.array(FACEAPI)}
    for name, count in (("ferplus", ferplus), ("lfw", lfw)):
        for by in ("human", "faceapi"):
            table[f"{name}_{by}"] = rng.dirichlet(np.ones(7), count).astype(np.float16)
    return table
