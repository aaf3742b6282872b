"""One person's rest as a series is read: learned from its beginning, or taken from a profile."""

import logging
from typing import NamedTuple

from narrowcast_client.baseline.above_rest import SampleAboveRest, above_rest, without_rest
from narrowcast_client.baseline.learner import RestLearner
from narrowcast_client.baseline.profile import Profile
from narrowcast_shared.errors import SettingsError
from narrowcast_shared.model_name import ModelName
from narrowcast_shared.samples import Sample
from narrowcast_shared.see import See

logger = logging.getLogger(__name__)

_FAR_PX = 1.5
"""A chip by so much smaller than any of the profile is read with another bias."""


class Known(NamedTuple):
    """A resting valence that is subtracted, and its standard error."""

    valence: float
    standard_error: float

    def __str__(self) -> str:
        """As `rest -0.12 ±0.03`."""
        return f"rest {self.valence:+.2f} ±{self.standard_error:.2f}"


class Baseline:
    """Turns the samples of one series, in order of id, into samples above rest.

    What a sample is given depends on the series and on nothing else: the same live, replayed and
    exported.
    """

    def __init__(self, source: RestLearner | Profile) -> None:
        self._source = source
        self._known: Known | None = None
        self._warned = False
        if isinstance(source, Profile):
            self._known = Known(source.resting_valence, source.standard_error)

    @property
    def known(self) -> Known | None:
        """The resting valence; None while it is being learned."""
        return self._known

    @property
    def learner(self) -> RestLearner | None:
        """What learns, or has learned; None of a profile."""
        return self._source if isinstance(self._source, RestLearner) else None

    def learn(self, sample: Sample) -> bool:
        """Take the next sample without an answer; whether rest is known now."""
        if (learner := self.learner) is not None:
            learner.add(sample)
            if self._known is None and learner.rest is not None:
                self._known = Known(learner.rest.valence, learner.rest.standard_error)
        return self._known is not None

    def above_rest(self, sample: Sample) -> SampleAboveRest:
        """The next sample. Those that rest is learned from have nothing above it."""
        self.learn(sample)
        learner = self.learner
        if self._known is None or (learner is not None and sample.id <= learner.last_id):
            return without_rest(sample)
        self._warn_of_size(sample)
        return above_rest(sample, *self._known)

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
            "%s: rest was read at %d to %d px, and a face of %d px is read with another bias",
            sample.session,
            *px,
            sample.px,
        )


class BaselineChoice(NamedTuple):
    """What `--baseline` asks for: so many seconds to learn from, or a profile."""

    seconds: float | None = None
    profile: Profile | None = None

    def begin(self, model: ModelName) -> Baseline:
        """For a series that `model` reads. Raises SettingsError where the profile is another's."""
        if self.profile is None:
            assert self.seconds is not None
            return Baseline(RestLearner(self.seconds))
        made_with = self.profile.model
        if made_with.differs(model):
            raise SettingsError(
                f"the baseline of {self.profile.source} was made with model {made_with}, "
                f"and this series with model {model}",
                "models differ in what a face at rest reads: make a profile with this one",
                see=See.BASELINE,
            )
        if made_with.name is None or model.name is None:
            logger.warning(
                "whether the baseline of %s was made with this model is not known",
                self.profile.source,
            )
        return Baseline(self.profile)
