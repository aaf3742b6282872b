"""What is left of valence: held readings against labels, or against the uncoded chips."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from narrowcast_lab.link_bench.footage import Footage
from narrowcast_models.coding import Coding
from narrowcast_models.evaluation.moving_figures import FPS
from narrowcast_models.recogniser import CodedChip, Recogniser
from narrowcast_shared import metrics
from narrowcast_shared.operating_point import CHIP_PX

BATCH = 64
DIGITS = 4


class ValenceFigures(NamedTuple):
    """CCC, RMSE and the share of the CCC that the uncoded readings reach, over frames with a face.

    Against labels where they are known; else against the uncoded readings, ccc_kept being ccc.
    fidelity: CCC with the uncoded readings in any case; it scatters less, for what the labels
    and the model disagree on has no part in it. fidelity_1s: the same after a causal mean over
    1 s of both: what changes within a second is mostly speech.
    """

    ccc: float
    rmse: float
    ccc_kept: float
    fidelity: float
    fidelity_1s: float


class Reference(NamedTuple):
    """What series are held against, of the frames with a face [T]: labels, or uncoded readings.

    uncoded: readings of the chips at full size, never coded, every one of them, float64 [F].
    truth: float64 [F]. uncoded_ccc: of these readings; 1 where they are the truth. starts: frame
    numbers at which clips begin, over whose joints no mean runs.
    """

    has_face: NDArray[np.bool_]
    uncoded: NDArray[np.float64]
    truth: NDArray[np.float64]
    uncoded_ccc: float
    starts: tuple[int, ...] = (0,)

    def compare(self, series: NDArray[np.float64]) -> ValenceFigures:
        """Figures of a held series [T], one value a captured frame."""
        held = series[self.has_face]
        scores = metrics.score(held, self.truth)
        return ValenceFigures(
            round(scores.ccc, DIGITS),
            round(scores.rmse, DIGITS),
            round(scores.ccc / self.uncoded_ccc, DIGITS) if self.uncoded_ccc else 0.0,
            round(metrics.score(held, self.uncoded).ccc, DIGITS),
            round(metrics.score(self._mean_1s(held), self._mean_1s(self.uncoded)).ccc, DIGITS),
        )

    def _mean_1s(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Means [F] over the second up to each frame with a face [F], clip by clip."""
        faces_before = np.concatenate([[0], np.cumsum(self.has_face)])
        joints = faces_before[list(self.starts[1:])]
        return np.concatenate([causal_mean(clip, FPS) for clip in np.split(values, joints)])


def reference(recogniser: Recogniser, footage: Footage) -> Reference:
    """Reads every chip uncoded. The footage shows a face at least once."""
    chips = [CodedChip(chip, Coding(CHIP_PX, None)) for _, chip in footage.faces()]
    uncoded = read(recogniser, chips, "reading uncoded")
    has_face = footage.has_face
    if footage.labels is None:
        return Reference(has_face, uncoded, uncoded, 1.0, footage.starts)
    truth = footage.labels[has_face].astype(np.float64)
    uncoded_ccc = metrics.score(uncoded, truth).ccc
    return Reference(has_face, uncoded, truth, uncoded_ccc, footage.starts)


def causal_mean(values: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """At each of the values [N] the mean of the last `count` up to it, of fewer at first: [N]."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    end = np.arange(1, len(values) + 1)
    begin = np.maximum(0, end - count)
    return np.asarray((total[end] - total[begin]) / (end - begin))


def read(recogniser: Recogniser, chips: Sequence[CodedChip], told: str) -> NDArray[np.float64]:
    """Valence of each chip, float64 [N]; progress is shown as `told`."""
    valence: list[float] = []
    with tqdm(total=len(chips), desc=told, unit="chip", disable=None, leave=False) as progress:
        for start in range(0, len(chips), BATCH):
            batch = chips[start : start + BATCH]
            valence += [reading.valence for reading in recogniser.read(batch)]
            progress.update(len(batch))
    return np.array(valence, dtype=np.float64)
