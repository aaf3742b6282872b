"""Photographs of the same people on different days: how much of rest is the person's own.

Of LFW's people with enough photographs that its one annotator called neutral: how far apart what
a model reads in these is, how much of that is between people, and what is left when each
photograph is read above the median of the same person's others. What it is above never holds the
photograph itself.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from narrowcast_models.coding import Coding
from narrowcast_models.data import archive, lfw
from narrowcast_models.data.faces import LabelledFaces
from narrowcast_models.data.location import data_file
from narrowcast_models.emotions import EMOTIONS
from narrowcast_models.evaluation.reader import Reader
from narrowcast_models.evaluation.sizes import predict
from narrowcast_shared import metrics
from narrowcast_shared.errors import DataError

MIN_NEUTRAL = 4
REST_PX = 48
RESAMPLES = 1000
DIGITS = 4

Floats = NDArray[np.float64]


class Photographs(NamedTuple):
    """N neutral or happy photographs of people with `MIN_NEUTRAL` neutral ones or more."""

    faces: LabelledFaces
    person: NDArray[np.int64]  # [N]
    neutral: NDArray[np.bool_]  # [N], else happy


class Row(NamedTuple):
    """At one size. Spreads are standard deviations of the valence of neutral photographs.

    person_share: of their variance, what is between people (one-way random effects).
    spread_above, spread_above_3: less the median of all other neutral photographs of the person,
    and of three of them. ratio: spread_above by spread, with a 90 % interval over people.
    spread_above_48, mean_above_48: where rest was read at 48 px. auc: happy against neutral.
    """

    px: int
    spread: float
    person_share: float
    spread_above: float
    ratio: float
    ratio_low: float
    ratio_high: float
    spread_above_3: float
    spread_above_48: float
    mean_above_48: float
    auc: float
    auc_above: float


def load() -> Photographs:
    """The photographs. Raises DataError where they are not there."""
    columns = ("images", "person_id", "label", "valence")
    table = archive.read(data_file(lfw.FILE), columns)
    neutral = table["label"] == EMOTIONS.index("neutral")
    people, counts = np.unique(table["person_id"][neutral], return_counts=True)
    enough = np.isin(table["person_id"], people[counts >= MIN_NEUTRAL])
    rows = enough & (neutral | (table["label"] == EMOTIONS.index("happiness")))
    if not rows.any():
        raise DataError(f"{lfw.FILE} has nobody with {MIN_NEUTRAL} neutral photographs")
    valence = table["valence"][rows].astype(np.float32)
    faces = LabelledFaces(lfw.NAME, table["images"][rows], valence)
    return Photographs(faces, table["person_id"][rows].astype(np.int64), neutral[rows])


def measure(reader: Reader, photographs: Photographs, sizes_px: Sequence[int]) -> list[Row]:
    """A row a size; faces uncoded."""
    wanted = dict.fromkeys([*sizes_px, REST_PX])
    read = {
        px: predict(reader, photographs.faces, Coding(px, None)).valence
        for px in tqdm(wanted, "reading", unit="size", disable=None)
    }
    return [row(px, read[px], read[REST_PX], photographs) for px in sizes_px]


def row(px: int, valence: Floats, valence_48: Floats, photographs: Photographs) -> Row:
    """The figures of one size. valence, valence_48: [N], read at this size and at 48 px."""
    _, person, neutral = photographs
    above = valence - others(valence, person, neutral)
    above_3 = valence - others(valence, person, neutral, _of_three())
    above_48 = valence - others(valence_48, person, neutral)
    spread, spread_above = _spread(valence[neutral]), _spread(above[neutral])
    low, high = ratio_interval(valence[neutral], above[neutral], person[neutral])
    figures = {
        "spread": spread,
        "person_share": person_share(valence[neutral], person[neutral]),
        "spread_above": spread_above,
        "ratio": spread_above / spread,
        "ratio_low": low,
        "ratio_high": high,
        "spread_above_3": _spread(above_3[neutral]),
        "spread_above_48": _spread(above_48[neutral]),
        "mean_above_48": float(above_48[neutral].mean()),
        "auc": metrics.auc(valence, ~neutral),
        "auc_above": metrics.auc(above, ~neutral),
    }
    return Row(px, **{name: round(figure, DIGITS) for name, figure in figures.items()})


def others(
    valence: Floats,
    person: NDArray[np.int64],
    neutral: NDArray[np.bool_],
    choose: Callable[[Floats], Floats] = lambda found: found,
) -> Floats:
    """[N], of each photograph the median of the same person's other neutral ones, as chosen."""
    medians = np.empty(len(valence))
    for index in range(len(valence)):
        same = neutral & (person == person[index])
        same[index] = False
        medians[index] = np.median(choose(valence[same]))
    return medians


def person_share(valence: Floats, person: NDArray[np.int64]) -> float:
    """Share of the variance that is between people: intraclass correlation, ICC(1). Both [N].

    Shrout & Fleiss 1979, case 1, with Searle's mean number of readings a person.
    """
    _, group, counts = np.unique(person, return_inverse=True, return_counts=True)
    people, total = len(counts), len(valence)
    means = np.bincount(group, weights=valence) / counts
    between = float(np.sum(counts * (means - valence.mean()) ** 2)) / (people - 1)
    within = float(np.sum((valence - means[group]) ** 2)) / (total - people)
    size = (total - float(np.sum(counts**2)) / total) / (people - 1)
    variance = max(0.0, (between - within) / size)
    return variance / (variance + within)


def ratio_interval(
    valence: Floats, above: Floats, person: NDArray[np.int64], seed: int = 0
) -> tuple[float, float]:
    """Central 90 % of the ratio of the two spreads, people drawn with replacement. All [N]."""
    random = np.random.default_rng(seed)
    rows = [np.flatnonzero(person == one) for one in np.unique(person)]
    ratios = []
    for _ in range(RESAMPLES):
        drawn = np.concatenate([rows[i] for i in random.integers(0, len(rows), len(rows))])
        ratios.append(_spread(above[drawn]) / _spread(valence[drawn]))
    low, high = np.quantile(ratios, [0.05, 0.95])
    return float(low), float(high)


def _of_three(seed: int = 0) -> Callable[[Floats], Floats]:
    random = np.random.default_rng(seed)
    return lambda found: random.choice(found, 3, replace=False)


def _spread(values: Floats) -> float:
    return float(np.std(values))
