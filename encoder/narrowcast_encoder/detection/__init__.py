"""Where the faces are: detectors behind one small protocol, fed with a reduced copy."""

from narrowcast_encoder.detection.box import Box
from narrowcast_encoder.detection.choice import DETECTORS, make_detector
from narrowcast_encoder.detection.detector import FaceDetector
from narrowcast_encoder.detection.reduction import ReducedFrame, reduce

__all__ = ["DETECTORS", "Box", "FaceDetector", "ReducedFrame", "make_detector", "reduce"]
