"""Targets of stills: shares of labels and teachers, whose valence is the expectation."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from narrowcast_models import checkpoint
from narrowcast_models.data import ferplus, lfw, teachers
from narrowcast_models.data.faces import LabelledFaces
from narrowcast_models.emotions import EMOTIONS, VALENCES
from narrowcast_models.networks.one_for_all import OneForAll
from narrowcast_models.training import card, stills
from narrowcast_models.training.film import Film
from narrowcast_models.training.stills import TargetConfig
from narrowcast_models.training.teacher import Teacher
from narrowcast_shared.errors import DataError, WeightsError

WEIGHTS = {"human_weight": 3.0, "faceapi_weight": 1.0}


@pytest.fixture
def own(tiny_network: OneForAll, tmp_path: Path) -> str:
    """A weight file as a teacher's name."""
    path = tmp_path / "tiny.safetensors"
    checkpoint.save(tiny_network, card.describe("tiny", tiny_network, {}, [], "none"), path)
    return str(path)


def _shares(faces: LabelledFaces) -> np.ndarray:
    """With what holds of every target."""
    assert faces.shares is not None
    assert faces.shares.dtype == faces.valence.dtype == np.float32
    assert faces.shares.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert faces.valence == pytest.approx(faces.shares @ np.array(VALENCES), abs=1e-5)
    return faces.shares


def test_votes_alone(ferplus_folder: Path) -> None:
    """No other file is needed."""
    assert ferplus_folder.is_dir()
    (faces,) = stills.load(TargetConfig())
    train = ferplus.load().train
    assert train.shares is not None
    assert np.array_equal(_shares(faces), train.shares)
    assert np.array_equal(faces.images, train.images)


def test_labels_and_teachers_have_their_shares(training_folder: Path) -> None:
    """Each face its own row of the teachers' file, though some faces of FER+ are left out."""
    assert training_folder.is_dir()
    config = TargetConfig(lfw=True, votes=0.6, annotator=0.2, **WEIGHTS)
    voted, annotated = stills.load(config)
    read, train = teachers.load(), ferplus.load().train
    rows = train.rows
    assert rows is not None
    assert train.shares is not None
    assert not np.array_equal(rows, np.arange(len(rows)))
    taught = 0.75 * read.ferplus["human"][rows] + 0.25 * read.ferplus["faceapi"][rows]
    assert _shares(voted) == pytest.approx(0.6 * train.shares + 0.4 * taught, abs=1e-6)
    assert np.array_equal(voted.images, train.images)

    train = lfw.load().train
    rows, emotion = train.rows, train.emotion
    assert rows is not None
    assert emotion is not None
    taught = 0.75 * read.lfw["human"][rows] + 0.25 * read.lfw["faceapi"][rows]
    chosen = np.eye(len(EMOTIONS))[emotion]
    assert _shares(annotated) == pytest.approx(0.2 * chosen + 0.8 * taught, abs=1e-6)
    assert annotated.images.shape == (36, 96, 96)


def test_our_own_network_is_a_teacher_too(training_folder: Path, own: str) -> None:
    assert training_folder.is_dir()
    config = TargetConfig(votes=0, own=own, own_weight=4.0, **WEIGHTS)
    (faces,) = stills.load(config)
    read, rows = teachers.load().ferplus, faces.rows
    ours = Teacher(own).shares_of(faces.images)
    expected = (4 * ours + 3 * read["human"][rows] + read["faceapi"][rows]) / 8
    assert _shares(faces) == pytest.approx(expected, abs=1e-6)


def test_a_teacher_reads_a_face_and_its_mirror_alike(
    own: str, make_faces: Callable[..., LabelledFaces]
) -> None:
    images, teacher = make_faces(5, side=96).images, Teacher(own)
    read = teacher.shares_of(images)
    assert read.shape == (5, len(EMOTIONS))
    assert read.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert teacher.shares_of(images[:, :, ::-1].copy()) == pytest.approx(read, abs=1e-5)
    assert teacher.shares_of(images[3:4]) == pytest.approx(read[3:4], abs=1e-5)


def test_film_is_read_by_our_own_teacher_alone(
    own: str, make_faces: Callable[..., LabelledFaces]
) -> None:
    shown = Film([make_faces(25, side=96).images])
    assert stills.film_faces(shown, TargetConfig()).shares is None
    read = stills.film_faces(shown, TargetConfig(own=own)).shares
    assert np.array_equal(read, Teacher(own).shares_of(shown.chips))


def test_a_teachers_file_of_fewer_faces(training_folder: Path) -> None:
    path = training_folder / "faces" / teachers.FILE.rpartition("/")[2]
    with np.load(path) as archive:
        table = dict(archive)
    table["ferplus_faceapi"] = table["ferplus_faceapi"][:500]
    np.savez(path, **table)
    with pytest.raises(DataError, match=r"knows 500 faces, fewer than the file of FER\+"):
        stills.load(TargetConfig(votes=0.5))


def test_a_teacher_nobody_has(training_folder: Path) -> None:
    assert training_folder.is_dir()
    with pytest.raises(WeightsError, match="no weights at"):
        stills.load(TargetConfig(votes=0.5, own="nosuch"))
