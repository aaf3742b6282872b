"""Which of the faces detected now is the one that was followed."""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from narrowcast_encoder.detection.box import Box


class AssociationConfig(NamedTuple):
    """Limits of what may have become of a face since it was last seen."""

    min_overlap: float = 0.3  # with where the face ought to be
    max_growth: float = 1.6  # of its sides
    # A detection that overlaps another face's last place so much is that other one, which
    # hides ours: a detector never reports two faces that overlap by half.
    others_overlap: float = 0.6
    crowding: float = 1.3  # faces that touch when enlarged so much may soon hide each other


def same_face(
    expected: Box, others: Sequence[Box], detected: Iterable[Box], config: AssociationConfig
) -> Box | None:
    """The detected face that is the one expected at `expected`; None where none can be.

    others: where the faces that are not followed were last seen.
    """

    def possible(face: Box) -> bool:
        overlap = face.overlap(expected)
        growth = abs(math.log(max(face.long_side, 1.0) / max(expected.long_side, 1.0)))
        claimed = max((face.overlap(other) for other in others), default=0.0)
        return (
            overlap >= config.min_overlap
            and growth <= math.log(config.max_growth)
            and claimed < min(config.others_overlap, overlap)
        )

    return max(filter(possible, detected), key=expected.overlap, default=None)


def is_crowded(face: Box, others: Iterable[Box], config: AssociationConfig) -> bool:
    """Whether another face is so near that it may hide this one before long."""
    wide = _enlarged(face, config.crowding)
    return any(wide.overlap(_enlarged(other, config.crowding)) > 0 for other in others)


def _enlarged(box: Box, factor: float) -> Box:
    x, y = box.centre
    w, h = factor * box.w, factor * box.h
    return Box(x - w / 2, y - h / 2, w, h, box.confidence)
