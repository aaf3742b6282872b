"""Following a face that may be rolled, in a picture that is turned to make it upright.

A head within about 35 degrees of upright is never turned, and its frames are left as they are.
Beyond that, reduced frames are turned (in steps of 15 degrees) before they are searched, so that
detector, tracker and steady crop work as they do for upright faces. The turn is held until the face
is 35 degrees off again: each change moves the whole crop, and costs as much as a keyframe.

The roll is estimated when a face is taken up, and after that every 30 frames where the detector is
not sure of the face; then two estimates in a row must agree before the picture is turned. Where
nothing is found, copies turned by 90, 180 and 270 degrees are searched as well: all three at the
first search in vain, and one at every fourth search after that.
"""

import logging
from typing import NamedTuple

from narrowcast_encoder.crop.roll import Roll, estimate_roll, turned, turning, wrapped
from narrowcast_encoder.crop.tracker import FaceTracker, TrackingConfig
from narrowcast_encoder.detection.box import Box
from narrowcast_encoder.detection.detector import FaceDetector
from narrowcast_encoder.detection.reduction import ReducedFrame

log = logging.getLogger(__name__)

_QUARTERS = (90, 270, 180)
_MAX_OTHERS = 3


class UprightConfig(NamedTuple):
    """When to look at the roll and what to believe. Counts are frames or searches."""

    enabled: bool = True
    max_roll_deg: float = 35.0  # beyond this the picture is turned
    step_deg: int = 15
    min_gain: float = 0.03  # of confidence, below which nothing is turned
    min_confidence: float = 0.5  # of a new face in its most upright copy; real ones: .9 and more
    check_every: int = 30
    confirm_after: int = 5  # frames until a suspected roll is looked at again
    # The least confidence of 101 upright frames; 5 % of rolled ones have it, which may then take
    # more than one look.
    upright_confidence: float = 0.9
    search_every: int = 4  # searches in vain between two that look at a turned copy
    search_confidence: float = 0.7  # of a face found in a turned copy


class UprightFace(NamedTuple):
    """Where the face is, in px of the reduced frame after it was turned by turn_deg."""

    box: Box
    turn_deg: int


class UprightTracker:
    """A FaceTracker that turns the picture for it. Deterministic in the sequence of frames."""

    def __init__(
        self, detector: FaceDetector, tracking: TrackingConfig, config: UprightConfig
    ) -> None:
        self._detector = detector
        self._tracking = tracking
        self._config = config
        self._vain = 0  # searches since a face was last followed
        self._start(0)

    def update(self, frame: ReducedFrame) -> UprightFace | None:
        """Where the face is in this frame; None: not to be seen."""
        view = turned(frame, self._turn_deg)
        box = self._tracker.update(view)
        if box is not None:
            self._vain = 0
            return self._checked(frame, view, box)
        if self._config.enabled and self._tracker.searched_in_vain:
            return self._search_turned(frame)
        return None

    def _start(self, turn_deg: int, expected: Box | None = None) -> None:
        """The one place where the turn changes."""
        self._turn_deg = turn_deg
        self._tracker = FaceTracker(self._detector, self._tracking, expected)
        self._looked_at = 0  # the tracker's take_ups when the roll was last looked at
        self._since_check = 0
        self._suspected = False
        log.debug("frames are turned by %d degrees", turn_deg)

    def _checked(self, frame: ReducedFrame, view: ReducedFrame, box: Box) -> UprightFace:
        """The face, in a turned picture if its roll wants it."""
        here = UprightFace(box, self._turn_deg)
        is_new = self._tracker.take_ups != self._looked_at
        self._since_check += 1
        if not self._config.enabled or not (is_new or self._is_check_due(box)):
            return here
        self._looked_at, self._since_check = self._tracker.take_ups, 0
        roll = estimate_roll(self._detector, view.image, box)
        if is_new and roll.confidence < self._config.min_confidence:
            here, roll = self._another(view, here, roll)
        is_rolled = abs(roll.turn_deg) > self._config.max_roll_deg
        if not is_rolled or roll.gain < self._config.min_gain:
            self._suspected = False
            return here
        if not is_new and not self._suspected:
            self._suspected = True
            return here
        return self._turn(frame, here, roll.turn_deg)

    def _another(
        self, view: ReducedFrame, here: UprightFace, roll: Roll
    ) -> tuple[UprightFace, Roll]:
        """Where no copy confirms a new face: the largest other one that some copy confirms.

        In a picture of rolled faces the largest detection is at times a shoulder or a wall.
        """
        others = sorted(self._tracker.others, key=lambda face: face.area, reverse=True)
        for other in others[:_MAX_OTHERS]:
            found = estimate_roll(self._detector, view.image, other)
            if found.confidence >= self._config.min_confidence:
                there = self._take_over(view, here.turn_deg, other)
                return (there, found) if there is not None else (here, roll)
        return here, roll

    def _is_check_due(self, box: Box) -> bool:
        if self._suspected:
            return self._since_check >= self._config.confirm_after
        unsure = box.confidence < self._config.upright_confidence
        return unsure and self._since_check >= self._config.check_every

    def _turn(self, frame: ReducedFrame, here: UprightFace, by_deg: float) -> UprightFace:
        """Follow the same face in a picture turned by so much more; where it is not found, stay."""
        config = self._config
        self._suspected = False
        turn = wrapped(here.turn_deg + config.step_deg * round(by_deg / config.step_deg))
        turn_deg = 0 if abs(turn) <= config.max_roll_deg else round(turn)
        if turn_deg == here.turn_deg:
            return here
        shape = frame.image.shape
        place = turning(shape, here.turn_deg).origin(*here.box.centre)
        x, y = turning(shape, turn_deg).place(*place)
        side = here.box.long_side
        expected = Box(x - side / 2, y - side / 2, side, side, here.box.confidence)
        return self._take_over(turned(frame, turn_deg), turn_deg, expected) or here

    def _take_over(self, view: ReducedFrame, turn_deg: int, expected: Box) -> UprightFace | None:
        """Follow the face that is expected there in a view turned so, if it is there."""
        tracker, before = self._tracker, self._turn_deg
        self._start(turn_deg, expected)
        box = self._tracker.update(view)
        if box is None:
            self._turn_deg, self._tracker, self._looked_at = before, tracker, tracker.take_ups
            return None
        self._looked_at = self._tracker.take_ups
        return UprightFace(box, turn_deg)

    def _search_turned(self, frame: ReducedFrame) -> UprightFace | None:
        if self._turn_deg:
            self._start(0)  # whoever comes next is likely to be upright
        self._vain += 1
        if self._vain == 1:
            turns: tuple[int, ...] = _QUARTERS
        elif self._vain % self._config.search_every == 0:
            turns = (_QUARTERS[self._vain // self._config.search_every % len(_QUARTERS)],)
        else:
            return None
        for turn_deg in turns:
            found = self._find_turned(frame, turn_deg)
            if found is not None:
                self._vain = 0
                return found
        return None

    def _find_turned(self, frame: ReducedFrame, turn_deg: int) -> UprightFace | None:
        view = turned(frame, turn_deg)
        least = self._config.search_confidence
        faces = [face for face in self._detector.detect(view.image) if face.confidence >= least]
        if not faces:
            return None
        largest = max(faces, key=lambda face: face.area)
        roll = estimate_roll(self._detector, view.image, largest)
        if roll.confidence < least:
            return None
        found = self._take_over(view, turn_deg, largest)
        if found is None or abs(roll.turn_deg) <= self._config.max_roll_deg:
            return found
        return self._turn(frame, found, roll.turn_deg)
