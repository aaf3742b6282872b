"""From frames to chips: one face followed, and a crop that holds still."""

from narrowcast_encoder.crop.chip import ChipMaker, CropConfig
from narrowcast_encoder.crop.square import Square, cut, framed, on_pixels
from narrowcast_encoder.crop.steady import SteadyConfig, SteadyCrop
from narrowcast_encoder.crop.tracker import FaceTracker, TrackingConfig

__all__ = [
    "ChipMaker",
    "CropConfig",
    "FaceTracker",
    "Square",
    "SteadyConfig",
    "SteadyCrop",
    "TrackingConfig",
    "cut",
    "framed",
    "on_pixels",
]
