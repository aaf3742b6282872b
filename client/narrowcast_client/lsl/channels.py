"""What a stream of samples holds, channel by channel. Pure; the order is part of the format."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from narrowcast_shared.samples import Sample, Status

STATUS_CODES = {Status.OK: 0, Status.NO_FACE: 1, Status.SKIPPED: 2, Status.LOST: 3}
"""The channel `status`, for streams hold numbers alone."""


class Channel(NamedTuple):
    """label: the sample's field of that name. unit, type: as XDF's meta-data has them."""

    label: str
    unit: str
    type: str


CHANNELS = (
    Channel("id", "count", "Index"),
    Channel("valence", "normalized", "Valence"),
    Channel("sigma", "normalized", "Uncertainty"),
    Channel("status", "code", "Status"),
    Channel("px", "pixels", "Quality"),
    Channel("qp", "none", "Quality"),
    Channel("wire_bps", "bits/second", "Rate"),
    Channel("latency_ms", "milliseconds", "Latency"),
)

ABOVE_REST = (
    Channel("valence_above_rest", "normalized", "Valence"),
    Channel("sigma_above_rest", "normalized", "Uncertainty"),
)
"""Behind the others, where a baseline is asked for."""


def row(sample: Sample, channels: Sequence[Channel]) -> list[float]:
    """One value a channel; NaN for what the sample does not have."""
    return [_value(sample, channel.label) for channel in channels]


def _value(sample: Sample, label: str) -> float:
    if label == "status":
        return float(STATUS_CODES[sample.status])
    value = getattr(sample, label)
    return math.nan if value is None else float(value)
