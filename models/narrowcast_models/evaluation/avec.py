"""AVEC 2016: RMSE, CC and CCC of valence, recording by recording and concatenated."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from narrowcast_models.coding import Coding
from narrowcast_models.data.avec import post
from narrowcast_models.data.avec.layout import DEV, TRAIN, RecordingFiles
from narrowcast_models.data.avec.post import Rescaling
from narrowcast_models.data.avec.ratings import Ratings
from narrowcast_models.data.avec.recording import LeftOut, Recording, TimedChip
from narrowcast_models.evaluation.coded_stream import CodedStream
from narrowcast_models.recogniser import Recogniser
from narrowcast_shared import metrics
from narrowcast_shared.errors import DataError

BATCH = 64
FPS = 25  # of the challenge's videos


class Series(NamedTuple):
    """What was read of one recording at one coding: float64 [N] each, frames left out missing."""

    recording: str
    partition: str
    times_s: NDArray[np.float64]
    predicted: NDArray[np.float64]
    gold: Ratings
    left_out: Counter[LeftOut]
    coded_bytes: int


class Wish(NamedTuple):
    """What is to be done to the predictions; None: what serves best on the training recordings."""

    delay_s: float | None = 0.0
    window_s: float | None = 0.0
    rescale: bool = False


class Processing(NamedTuple):
    """What is done to the predictions; nothing unless told."""

    delay_s: float = 0.0
    window_s: float = 0.0
    rescaling: Rescaling = Rescaling(1.0, 0.0)


class AvecFigures(NamedTuple):
    """Scores of one recording, or of a partition's recordings concatenated."""

    name: str
    frames: int
    rmse: float
    cc: float
    ccc: float
    video_kbps: float | None


def read(
    recogniser: Recogniser, files: Iterable[RecordingFiles], codings: Sequence[Coding]
) -> dict[Coding, list[Series]]:
    """Every recording at every coding; each video is decoded once.

    The chips of a recording are coded as one stream, across frames that were left out. Raises
    DataError where a file cannot be read, or not one frame of a recording can be used.
    """
    out: dict[Coding, list[Series]] = {coding: [] for coding in codings}
    for item in tqdm(list(files), "reading", unit="recording", disable=None):
        for coding, series in zip(codings, _recording(recogniser, item, codings), strict=True):
            out[coding].append(series)
    return out


def _recording(
    recogniser: Recogniser, files: RecordingFiles, codings: Sequence[Coding]
) -> Iterator[Series]:
    recording = Recording(files)
    streams = [CodedStream(coding) for coding in codings]
    times_s: list[float] = []
    predicted: list[list[float]] = [[] for _ in codings]
    for batch in _batches(recording.chips()):
        times_s += [chip.time_s for chip in batch]
        for stream, values in zip(streams, predicted, strict=True):
            readings = recogniser.read([stream.next(chip.pixels) for chip in batch])
            values += [reading.valence for reading in readings]
    if not times_s:
        raise DataError(f"{recording.name}: not one frame can be used", _why(recording.left_out))
    for stream, values in zip(streams, predicted, strict=True):
        yield Series(
            recording.name,
            recording.partition,
            np.array(times_s),
            np.array(values),
            recording.gold,
            recording.left_out,
            stream.coded_bytes,
        )


def _batches(chips: Iterator[TimedChip]) -> Iterator[list[TimedChip]]:
    while batch := list(islice(chips, BATCH)):
        yield batch


def _why(left_out: Counter[LeftOut]) -> str:
    return ", ".join(f"{count} with {reason.value}" for reason, count in left_out.items())


def choose(train: Sequence[Series], wish: Wish) -> Processing:
    """The wish made definite on the training recordings: by CCC, one step after the other."""
    delay_s, window_s = wish.delay_s, wish.window_s
    if delay_s is None:
        delay_s = post.best(post.DELAYS_S, lambda at: _ccc(train, Processing(at)))
    if window_s is None:
        given_s = delay_s
        window_s = post.best(post.WINDOWS_S, lambda at: _ccc(train, Processing(given_s, at)))
    chosen = Processing(delay_s, window_s)
    if not wish.rescale:
        return chosen
    return chosen._replace(rescaling=post.rescaling(*_joined(train, chosen)))


def score(series: Sequence[Series], done: Processing) -> list[AvecFigures]:
    """Figures of each recording, and below them of each partition, concatenated."""
    out = [_figures(one.recording, [one], done) for one in series]
    for partition in (TRAIN, DEV):
        members = [one for one in series if one.partition == partition]
        if members:
            out.append(_figures(partition, members, done))
    return out


def _figures(name: str, series: Sequence[Series], done: Processing) -> AvecFigures:
    predicted, gold = _joined(series, done)
    scores = metrics.score(predicted, gold)
    coded_bits = 8 * sum(one.coded_bytes for one in series)
    return AvecFigures(
        name,
        frames=len(gold),
        rmse=round(scores.rmse, 4),
        cc=round(scores.cc, 4),
        ccc=round(scores.ccc, 4),
        video_kbps=round(coded_bits * FPS / len(gold) / 1000, 2) if coded_bits else None,
    )


def _ccc(series: Sequence[Series], done: Processing) -> float:
    return metrics.score(*_joined(series, done)).ccc


def _joined(
    series: Sequence[Series], done: Processing
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Processed predictions and gold standard of recordings, one after the other."""
    predicted = [post.median_smoothed(s.times_s, s.predicted, done.window_s) for s in series]
    gold = [s.gold.at(s.times_s, done.delay_s) for s in series]
    return done.rescaling.apply(np.concatenate(predicted)), np.concatenate(gold)
