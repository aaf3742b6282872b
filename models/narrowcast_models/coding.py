"""How a chip was coded: what the network is told beside the pixels."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from narrowcast_shared.operating_point import CHIP_PX, MAX_QP

CONDITIONS = 3


class Coding(NamedTuple):
    """The side a chip was coded at, and x264's quantiser; `qp` None means never coded."""

    px: int
    qp: int | None


def conditions(codings: Sequence[Coding]) -> NDArray[np.float32]:
    """Network input float32 [B, 3]: relative size, relative quantiser, coded or not."""
    rows = [
        (px / CHIP_PX, 0.0 if qp is None else qp / MAX_QP, 0.0 if qp is None else 1.0)
        for px, qp in codings
    ]
    return np.array(rows, dtype=np.float32).reshape(-1, CONDITIONS)
