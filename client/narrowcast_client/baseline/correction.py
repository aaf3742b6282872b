"""Baseline correction: a person's resting valence subtracted from the samples of one series.

Rest is learned from the beginning of the series, or taken from a stored profile. What a sample
gets depends on the series alone, wherever a reader joins it: a subscription that begins in the
middle first asks for the beginning (`BaselineFilter`).
"""

import logging
import math
from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial
from typing import NamedTuple

from pydantic import Field

from narrowcast_client.baseline.estimate import RestLearner
from narrowcast_client.baseline.profile import Profile
from narrowcast_shared.archive import Archive, SessionInfo, TimeSpan
from narrowcast_shared.errors import SettingsError
from narrowcast_shared.model_name import ModelName
from narrowcast_shared.samples import Sample
from narrowcast_shared.see import See

logger = logging.getLogger(__name__)

WHOLE = TimeSpan()

_DECIMALS = 5  # as valence and sigma have

_FAR_PX = 1.5
"""A chip smaller than all of the profile's by this factor is estimated with another bias."""


class SampleAboveRest(Sample):
    """A sample, and its valence less the resting valence of the person."""

    valence_above_rest: float | None = Field(
        None, description="Valence less the resting valence, -2 to +2; only where rest is known."
    )
    sigma_above_rest: float | None = Field(
        None, description="Its standard deviation: sigma and the standard error of rest together."
    )


class KnownRest(NamedTuple):
    """A resting valence that is subtracted, and its standard error."""

    valence: float
    standard_error: float

    def __str__(self) -> str:
        """As `rest -0.12 ±0.03`."""
        return f"rest {self.valence:+.2f} ±{self.standard_error:.2f}"


class Baseline:
    """Turns the samples of one series, in order of id, into baseline-corrected samples."""

    def __init__(self, source: RestLearner | Profile) -> None:
        self._source = source
        self._known: KnownRest | None = None
        self._warned = False
        if isinstance(source, Profile):
            self._known = KnownRest(source.resting_valence, source.standard_error)

    @property
    def known(self) -> KnownRest | None:
        """The resting valence; None while it is being learned."""
        return self._known

    @property
    def learner(self) -> RestLearner | None:
        """The learner of this baseline; None where it comes from a profile."""
        return self._source if isinstance(self._source, RestLearner) else None

    def learn(self, sample: Sample) -> bool:
        """Take the next sample without correcting it; returns whether rest is known now."""
        if (learner := self.learner) is not None:
            learner.add(sample)
            if self._known is None and learner.rest is not None:
                self._known = KnownRest(learner.rest.valence, learner.rest.standard_error)
        return self._known is not None

    def above_rest(self, sample: Sample) -> SampleAboveRest:
        """The next sample, corrected. The fields are empty for samples that rest is learned from,
        and for those without a valence.
        """
        self.learn(sample)
        learner = self.learner
        known = self._known
        if known is None or (learner is not None and sample.id <= learner.last_id):
            return _with(sample, None, None)
        self._warn_of_size(sample)
        if sample.valence is None:
            return _with(sample, None, None)
        sigma = None if sample.sigma is None else math.hypot(sample.sigma, known.standard_error)
        return _with(sample, sample.valence - known.valence, sigma)

    def __str__(self) -> str:
        """As `rest -0.12 ±0.03`, or `learning rest: 12 of 30 s of face seen`."""
        if self._known is not None:
            return str(self._known)
        assert self.learner is not None
        return (
            f"learning rest: {self.learner.seen_s:.0f} of {self.learner.seconds:g} s of face seen"
        )

    def _warn_of_size(self, sample: Sample) -> None:
        px = self._source.px
        if self._warned or sample.px is None or px is None or sample.px * _FAR_PX > px[0]:
            return
        self._warned = True
        logger.warning(
            "%s: rest was estimated at %d to %d px; a face of %d px is estimated with another bias",
            sample.session,
            *px,
            sample.px,
        )


def _with(sample: Sample, valence: float | None, sigma: float | None) -> SampleAboveRest:
    """Not validated again: the sample was."""
    above = {"valence_above_rest": _rounded(valence), "sigma_above_rest": _rounded(sigma)}
    return SampleAboveRest.model_construct(**(dict(sample) | above))


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, _DECIMALS)


class BaselineChoice(NamedTuple):
    """The value of `--baseline`: the seconds of face to learn from, or a profile."""

    seconds: float | None = None
    profile: Profile | None = None

    def begin(self, model: ModelName) -> Baseline:
        """For a series of estimates by `model`. Raises SettingsError where the profile was made
        with another one.
        """
        if self.profile is None:
            assert self.seconds is not None
            return Baseline(RestLearner(self.seconds))
        made_with = self.profile.model
        if made_with.differs(model):
            raise SettingsError(
                f"the baseline of {self.profile.source} was made with model {made_with}, "
                f"and this series with model {model}",
                "models differ in their estimate of a face at rest: make a profile with this one",
                see=See.BASELINE,
            )
        if made_with.name is None or model.name is None:
            logger.warning(
                "it is not known whether the baseline of %s was made with this series' model",
                self.profile.source,
            )
        return Baseline(self.profile)


async def learn_from_archive(
    choice: BaselineChoice, archive: Archive, session: SessionInfo, span: TimeSpan = WHOLE
) -> Baseline:
    """A baseline that has learned from the stored series, until rest is known or the span ends.

    Raises SettingsError where a profile is of another model, else as the archive does.
    """
    baseline = choice.begin(session.read_by)
    if baseline.known is None:
        async with aclosing(archive.pages(session, span)) as pages:
            async for page in pages:
                if any(map(baseline.learn, page)):
                    break
    return baseline


class BaselineFilter:
    """Corrects the samples of a subscription, wherever in the series it begins.

    Rest is learned from the beginning of the series, which is requested at the first sample.
    """

    def __init__(self, choice: BaselineChoice, archive: Archive, patience_s: float = 0.0) -> None:
        """`patience_s`: how long the decoder may be unreachable during that request."""
        self._choice = choice
        self._archive = archive
        self._patience_s = patience_s
        self.baseline: Baseline | None = None
        """None before the first sample."""

    async def above_rest(
        self, samples: AsyncGenerator[Sample, None]
    ) -> AsyncGenerator[SampleAboveRest, None]:
        """The samples, in order of id. Raises as `learn_from_archive` does."""
        # Only a live series needs the HTTP client.
        from narrowcast_client.api import retry_while_unreachable  # noqa: PLC0415

        async with aclosing(samples):
            async for sample in samples:
                if self.baseline is None:
                    learn = partial(self._learn, sample.session)
                    self.baseline = await retry_while_unreachable(learn, self._patience_s)
                yield self.baseline.above_rest(sample)

    async def _learn(self, session: str) -> Baseline:
        info = await self._archive.session(session)
        return await learn_from_archive(self._choice, self._archive, info)
