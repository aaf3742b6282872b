"""The brightness and contrast that a chip is brought to before it is coded.

x264's quantiser works on absolute gray levels, so a dim face would lose its expression long before
a bright one at the same quantiser. The recogniser normalises every chip anyway; the encoder does it
before the codec, and training does as the encoder. Both are measured on an ellipse inside the chip,
so that a bright window beside the head does not decide. The target is about what the training faces
have (FER+: mean 140, standard deviation 44; LFW: 135 and 35). The gain is bounded, since it
amplifies the sensor's noise as well.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

TARGET_LEVEL = 140.0
"""Mean gray level inside the ellipse, 0..255."""

TARGET_DEVIATION = 40.0
"""Standard deviation inside the ellipse, in gray levels."""

MIN_GAIN = 0.5
MAX_GAIN = 12.0

_HEIGHT, _WIDTH = 0.9, 0.72
"""Of the ellipse, as shares of the chip's side."""


@lru_cache(maxsize=8)
def ellipse(side: int) -> NDArray[np.bool_]:
    """Mask [side, side] of the part of a chip that its light is measured on."""
    at = (2 * np.arange(side) + 1) / side - 1
    mask = np.asarray((at[:, None] / _HEIGHT) ** 2 + (at[None, :] / _WIDTH) ** 2 <= 1)
    mask.setflags(write=False)
    return mask
