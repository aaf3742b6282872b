"""The stills that `oa` and its teacher learn from, and what each of them is to be read as.

Two origins: FER+ (ten votes a face, 48 px) and, where asked for, the training part of LFW (one
annotator's category, 96 px, people apart from LFW's validation part). The target of a face is a
distribution over the eight emotions: a mixture of its label and of what teachers read of it (Hinton
et al. 2015). Teachers are two public recognisers and, for `oa`, our own larger network; each reads
the face as it lies in the file, so their readings are made once and not in every epoch.
"""

import logging
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from narrowcast_models.data import ferplus, lfw, teachers
from narrowcast_models.data.faces import LabelledFaces
from narrowcast_models.data.teachers import PublicTeachers
from narrowcast_models.emotions import EMOTIONS, VALENCES
from narrowcast_models.training.batches import FilmFaces
from narrowcast_models.training.film import Film
from narrowcast_models.training.teacher import Teacher
from narrowcast_shared.errors import DataError

logger = logging.getLogger(__name__)


class TargetConfig(NamedTuple):
    """Shares of each face's target.

    votes: of people's votes, on FER+. annotator: of the annotator's category, on LFW. What is left
    is the teachers', who share it by their weights. own: the larger network of ours; None for none.
    """

    lfw: bool = False
    votes: float = 1.0
    annotator: float = 0.5
    own: str | None = None
    own_weight: float = 0.55
    human_weight: float = 0.28
    faceapi_weight: float = 0.17


def load(config: TargetConfig) -> list[LabelledFaces]:
    """The faces of each origin, their shares and valence being the targets.

    Raises DataError where a data set is missing or the teachers' file is of other faces,
    WeightsError where the own teacher is missing.
    """
    own = None if config.own is None else Teacher(config.own)
    public = teachers.load() if config.lfw or config.votes < 1 else None
    faces = ferplus.load().train
    votes = faces.shares
    assert votes is not None
    origins = [_mixed(faces, votes, config.votes, _taught(faces, own, public, config))]
    if config.lfw:
        faces = lfw.load().train
        assert faces.emotion is not None
        annotated = np.eye(len(EMOTIONS), dtype=np.float32)[faces.emotion]
        taught = _taught(faces, own, public, config)
        origins.append(_mixed(faces, annotated, config.annotator, taught))
    return origins


def film_faces(film: Film, config: TargetConfig) -> FilmFaces:
    """Film with what the own teacher reads of each chip. Raises WeightsError."""
    shares = None if config.own is None else Teacher(config.own).shares_of(film.chips)
    return FilmFaces(film, shares)


def _taught(
    faces: LabelledFaces, own: Teacher | None, public: PublicTeachers | None, config: TargetConfig
) -> NDArray[np.float32] | None:
    """What the teachers read [N, 8], by their weights; None where there are none."""
    if public is None:
        return None
    assert faces.rows is not None
    by = public.lfw if faces.name == lfw.NAME else public.ferplus
    for read in by.values():
        if len(read) <= faces.rows.max(initial=-1):
            raise DataError(
                f"{teachers.FILE} knows {len(read)} faces, fewer than the file of {faces.name}",
                "take both files from the same collection",
            )
    weighted = [
        (config.human_weight, by["human"][faces.rows]),
        (config.faceapi_weight, by["faceapi"][faces.rows]),
    ]
    if own is not None:
        logger.info("%s: read by the teacher", faces.name)
        weighted.append((config.own_weight, own.shares_of(faces.images)))
    total = sum(weight for weight, _ in weighted)
    return np.asarray(sum(weight / total * read for weight, read in weighted), dtype=np.float32)


def _mixed(
    faces: LabelledFaces,
    labels: NDArray[np.float32],
    weight: float,
    taught: NDArray[np.float32] | None,
) -> LabelledFaces:
    shares = labels if taught is None else weight * labels + (1 - weight) * taught
    shares = np.asarray(shares, dtype=np.float32)
    valence = shares @ np.asarray(VALENCES, dtype=np.float32)
    return LabelledFaces(faces.name, faces.images, valence, shares, faces.emotion, faces.rows)
