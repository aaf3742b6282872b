"""Where frames come from: a camera, a file, a URL, or the two faces of `sample`."""

from narrowcast_encoder.sources.choice import open_source
from narrowcast_encoder.sources.frame import CapturedFrame, FrameSource
from narrowcast_encoder.sources.names import shown

__all__ = ["CapturedFrame", "FrameSource", "open_source", "shown"]
