"""A person's rest, learned from a series that is already there."""

from pathlib import Path

import numpy as np

from narrowcast_client import resting
from narrowcast_client.baseline import BaselineChoice, RestLearner
from narrowcast_client.report.read_file import read_file
from narrowcast_client.report.series import STATUSES, Series
from narrowcast_shared.archive import Archive, TimeSpan
from narrowcast_shared.errors import DataError
from narrowcast_shared.model_name import ModelName
from narrowcast_shared.samples import Sample
from narrowcast_shared.see import See


async def learn_from_archive(
    archive: Archive, session: str, seconds: float, from_t: float | None
) -> tuple[RestLearner, ModelName]:
    """What was learned from the session, and which model read it. Raises as the archive does."""
    info = await archive.session(session)
    baseline = await resting.begin(BaselineChoice(seconds), archive, info, TimeSpan(from_t))
    assert baseline.learner is not None
    return baseline.learner, info.read_by


def learn_from_file(
    path: Path, seconds: float, from_t: float | None
) -> tuple[RestLearner, ModelName]:
    """The same of an exported or scored series, in order of capture. Raises as `read_file`."""
    sources = read_file(path, lambda _: None)
    if len(sources) > 1:
        raise DataError(
            f"{path} holds {len(sources)} sessions",
            "give a file of the one person's alone",
            see=See.BASELINE,
        )
    learner = RestLearner(seconds)
    learn(learner, sources[0].series, from_t)
    return learner, sources[0].model


def learn(learner: RestLearner, series: Series, from_t: float | None = None) -> None:
    """Let the learner see the series, from `from_t` on, until rest is learned."""
    for index in range(len(series)):
        if learner.rest is not None:
            return
        sample = _sample(series, index)
        if from_t is None or sample.t >= from_t:
            learner.add(sample)


def _sample(series: Series, index: int) -> Sample:
    """What a learner looks at; its number in order of capture stands for its id."""
    read = bool(series.is_reading[index])
    return Sample.model_construct(
        id=index + 1,
        t=series.start_t + float(series.at_s[index]),
        status=STATUSES[series.status[index]],
        valence=float(series.valence[index]) if read else None,
        sigma=float(series.sigma[index]) if np.isfinite(series.sigma[index]) else None,
        px=int(series.px[index]) if read and series.px[index] > 0 else None,
    )
