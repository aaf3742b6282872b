"""H.264 of chips. Both ends and the training loop code with exactly these settings."""

from narrowcast_shared.codec.decode import ChipDecoder
from narrowcast_shared.codec.encode import AccessUnit, ChipEncoder

__all__ = ["AccessUnit", "ChipDecoder", "ChipEncoder"]
