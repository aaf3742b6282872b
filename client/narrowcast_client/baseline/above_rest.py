"""Samples with what they read above rest, raw values kept."""

import math

from pydantic import Field

from narrowcast_shared.samples import Sample

_DECIMALS = 5  # as valence and sigma have


class SampleAboveRest(Sample):
    """A sample, and its valence less the resting valence of the person."""

    valence_above_rest: float | None = Field(
        None, description="Valence less the resting valence, -2 to +2; only where rest is known."
    )
    sigma_above_rest: float | None = Field(
        None, description="Its standard deviation: sigma and the standard error of rest together."
    )


def above_rest(sample: Sample, resting: float, standard_error: float) -> SampleAboveRest:
    """The sample against a resting valence that is known."""
    if sample.valence is None:
        return without_rest(sample)
    sigma = None if sample.sigma is None else math.hypot(sample.sigma, standard_error)
    return _with(sample, sample.valence - resting, sigma)


def without_rest(sample: Sample) -> SampleAboveRest:
    """The sample where rest is not known, or nothing was read."""
    return _with(sample, None, None)


def _with(sample: Sample, valence: float | None, sigma: float | None) -> SampleAboveRest:
    """Unchecked: the sample was."""
    above = {"valence_above_rest": _rounded(valence), "sigma_above_rest": _rounded(sigma)}
    return SampleAboveRest.model_construct(**(dict(sample) | above))


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, _DECIMALS)
