"""What is left of valence: held readings against labels, or against the uncoded chips."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from narrowcast_lab.link_bench.footage import Footage
from narrowcast_models.coding import Coding
from narrowcast_models.recogniser import CodedChip, Recogniser
from narrowcast_shared import metrics
from narrowcast_shared.operating_point import CHIP_PX

BATCH = 64
DIGITS = 4


class ValenceFigures(NamedTuple):
    """CCC, RMSE and the share of the CCC that the uncoded readings reach, over frames with a face.

    Against labels where they are known; else against the uncoded readings, ccc_kept being ccc.
    fidelity: CCC with the uncoded readings in any case; it scatters less, for what the labels
    and the model disagree on has no part in it.
    """

    ccc: float
    rmse: float
    ccc_kept: float
    fidelity: float


class Reference(NamedTuple):
    """What series are held against, of the frames with a face [T]: labels, or uncoded readings.

    uncoded: readings of the chips at full size, never coded, every one of them, float64 [F].
    truth: float64 [F]. uncoded_ccc: of these readings; 1 where they are the truth.
    """

    has_face: NDArray[np.bool_]
    uncoded: NDArray[np.float64]
    truth: NDArray[np.float64]
    uncoded_ccc: float

    def compare(self, series: NDArray[np.float64]) -> ValenceFigures:
        """Figures of a held series [T], one value a captured frame."""
        held = series[self.has_face]
        scores = metrics.score(held, self.truth)
        return ValenceFigures(
            round(scores.ccc, DIGITS),
            round(scores.rmse, DIGITS),
            round(scores.ccc / self.uncoded_ccc, DIGITS) if self.uncoded_ccc else 0.0,
            round(metrics.score(held, self.uncoded).ccc, DIGITS),
        )


def reference(recogniser: Recogniser, footage: Footage) -> Reference:
    """Reads every chip uncoded. The footage shows a face at least once."""
    chips = [CodedChip(chip, Coding(CHIP_PX, None)) for _, chip in footage.faces()]
    uncoded = read(recogniser, chips, "reading uncoded")
    has_face = footage.has_face
    if footage.labels is None:
        return Reference(has_face, uncoded, uncoded, 1.0)
    truth = footage.labels[has_face].astype(np.float64)
    return Reference(has_face, uncoded, truth, metrics.score(uncoded, truth).ccc)


def read(recogniser: Recogniser, chips: Sequence[CodedChip], told: str) -> NDArray[np.float64]:
    """Valence of each chip, float64 [N]; progress is shown as `told`."""
    valence: list[float] = []
    with tqdm(total=len(chips), desc=told, unit="chip", disable=None, leave=False) as progress:
        for start in range(0, len(chips), BATCH):
            batch = chips[start : start + BATCH]
            valence += [reading.valence for reading in recogniser.read(batch)]
            progress.update(len(batch))
    return np.array(valence, dtype=np.float64)
