"""Series made up for tests: a person at rest who now and then smiles, is lost or looks away."""

import math
from collections.abc import Sequence
from random import Random

from narrowcast_shared.samples import Sample, Status


def make_series(
    valences: Sequence[float | None],
    *,
    fps: float = 10.0,
    sigma: float = 0.1,
    px: int = 48,
    session: str = "anna",
) -> list[Sample]:
    """One sample a value; None is a frame without a face."""
    return [
        Sample(
            id=index + 1,
            session=session,
            seq=index,
            t=1_700_000_000.0 + index / fps,
            status=Status.NO_FACE if valence is None else Status.OK,
            valence=valence,
            sigma=None if valence is None else sigma,
            px=None if valence is None else px,
        )
        for index, valence in enumerate(valences)
    ]


def wandering(count: int, seed: int, correlation_s: float, step_s: float) -> list[float]:
    """A normal process around 0 with variance 1, whose correlation falls to 1/e in that time."""
    random = Random(seed)
    kept = math.exp(-step_s / correlation_s)
    values = [random.gauss(0, 1)]
    for _ in range(count - 1):
        values.append(kept * values[-1] + math.sqrt(1 - kept**2) * random.gauss(0, 1))
    return values
