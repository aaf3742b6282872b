"""Following one face: detected now and then, matched by its looks in between."""

import logging
from dataclasses import dataclass, field
from typing import NamedTuple

from narrowcast_encoder.crop.association import AssociationConfig, is_crowded, same_face
from narrowcast_encoder.crop.template import FaceTemplate
from narrowcast_encoder.detection.box import Box
from narrowcast_encoder.detection.detector import FaceDetector, min_sightings
from narrowcast_encoder.detection.reduction import ReducedFrame

log = logging.getLogger(__name__)

_REMEMBERED_SEARCHES = 4
"""In which a weak detector has to see a face again before it is followed."""

_SURE = 0.7
"""Confidence from which one sighting is enough for it as well; a photograph has no second one."""


class TrackingConfig(NamedTuple):
    """When to detect and what to believe. Counts are frames."""

    detect_every: int = 5  # while a face is followed
    search_every: int = 3  # where there has been none for a while
    eager_frames: int = 15  # every frame is searched for so long before that
    max_misses: int = 15  # frames in which it is not detected: the face is gone
    max_hidden: int = 50  # frames, beside those, in which another one is in front of it
    min_confidence: float = 0.5
    min_match: float = 0.6  # correlation below which the looks have changed: detect at once
    association: AssociationConfig = AssociationConfig()


@dataclass
class _Track:
    """The face that is followed. Places are in px of the reduced frame."""

    box: Box
    template: FaceTemplate
    others: list[Box] = field(default_factory=list)  # last detected, not followed
    since_detection: int = 0
    misses: int = 0  # since it was last detected, and so is
    hidden: int = 0


class FaceTracker:
    """Follows the face that was the largest when it was found, until it is gone.

    Deterministic in the sequence of frames: it knows no clock.
    """

    def __init__(
        self,
        detector: FaceDetector,
        config: TrackingConfig | None = None,
        expected: Box | None = None,
    ) -> None:
        """expected: a face that was followed in another view of the scene; searched for first."""
        self._detector = detector
        self._config = config or TrackingConfig()
        self._min_sightings = min_sightings(detector)
        self._sighted: list[list[Box]] = []  # faces of the last searches, for weak detectors
        self._expected = expected
        self._track: _Track | None = None
        self._searched = 0
        self.searched_in_vain = False  # the last frame was searched and shows nobody
        self.take_ups = 0  # faces that it began to follow
        self.detections = 0

    @property
    def others(self) -> list[Box]:
        """The faces that were detected with the one that is followed."""
        return self._track.others if self._track is not None else []

    def update(self, frame: ReducedFrame) -> Box | None:
        """Where the face is in this frame, in px of the reduced frame; None: not to be seen.

        A face hidden for a moment gives None but is not forgotten: it is taken up again,
        whoever else is there, unless it stays away for longer than the configuration says.
        """
        self.searched_in_vain = False
        if self._track is None:
            return self._search(frame)
        return self._follow(self._track, frame)

    def _search(self, frame: ReducedFrame) -> Box | None:
        self._searched += 1
        eager = self._searched <= self._config.eager_frames
        if not eager and self._searched % self._config.search_every:
            return None
        faces = self._detect(frame)
        face = self._chosen(faces)
        if face is None:
            self.searched_in_vain = True
            return None
        self.take_ups += 1
        self._take_up(_tracked(face, faces, frame))
        return face

    def _chosen(self, faces: list[Box]) -> Box | None:
        """The face to follow: the expected one, or the largest that was seen often enough."""
        if self._expected is not None:
            expected, self._expected = self._expected, None
            found = same_face(expected, (), faces, self._config.association)
            if found is not None:
                return found
        recent, self._sighted = self._sighted, [*self._sighted, faces][-_REMEMBERED_SEARCHES:]

        def sightings(face: Box) -> int:
            if face.confidence >= _SURE:
                return self._min_sightings
            least = self._config.association.min_overlap
            return 1 + sum(any(face.overlap(old) >= least for old in seen) for seen in recent)

        believed = (face for face in faces if sightings(face) >= self._min_sightings)
        return max(believed, key=lambda face: face.area, default=None)

    def _follow(self, track: _Track, frame: ReducedFrame) -> Box | None:
        match = track.template.find(frame.gray, track.box)
        alike = match is not None and match.score >= self._config.min_match
        if match is not None and alike:
            track.box = match.box
        track.since_detection += 1
        if alike and not self._is_detection_due(track):
            return track.box
        faces = self._detect(frame)
        face = same_face(track.box, track.others, faces, self._config.association)
        if face is None and not alike and not track.others and len(faces) == 1:
            face = faces[0]  # alone before and after: a sudden movement, or a cut
        if face is not None:
            self._track = _tracked(face, faces, frame)
            return face
        self._miss(track, faces)
        return track.box if alike else None

    def _is_detection_due(self, track: _Track) -> bool:
        return (
            track.misses + track.hidden > 0
            or track.since_detection >= self._config.detect_every
            or is_crowded(track.box, track.others, self._config.association)
        )

    def _miss(self, track: _Track, faces: list[Box]) -> None:
        track.others = faces
        if any(face.overlap(track.box) > 0 for face in faces):
            track.hidden += 1
        else:
            track.misses += 1
        if track.misses > self._config.max_misses or track.hidden > self._config.max_hidden:
            self._take_up(None)

    def _take_up(self, track: _Track | None) -> None:
        """The one place where a face is taken up or given up."""
        self._track = track
        self._searched = 0
        self._sighted = []
        log.debug("no face is followed" if track is None else "a face is followed")

    def _detect(self, frame: ReducedFrame) -> list[Box]:
        self.detections += 1
        faces = self._detector.detect(frame.image)
        return [face for face in faces if face.confidence >= self._config.min_confidence]


def _tracked(face: Box, faces: list[Box], frame: ReducedFrame) -> _Track:
    others = [other for other in faces if other is not face]
    return _Track(face, FaceTemplate(frame.gray, face), others)
