"""What a stream holds: pinned, for recordings outlive versions."""

import math

from narrowcast_client.baseline import SampleAboveRest
from narrowcast_client.lsl import ABOVE_REST, CHANNELS, STATUS_CODES, channel_values
from narrowcast_shared.samples import Sample, Status

READ = Sample(
    id=523, session="anna", seq=530, t=1.5, status=Status.OK, valence=0.25, sigma=0.1,
    px=32, qp=30, wire_bps=7900, latency_ms=31.5,
)  # fmt: skip


def test_the_order_is_part_of_the_format() -> None:
    assert [c.label for c in CHANNELS + ABOVE_REST] == [
        "id", "valence", "sigma", "status", "px", "qp", "wire_bps", "latency_ms",
        "valence_above_rest", "sigma_above_rest",
    ]  # fmt: skip
    assert channel_values(READ, CHANNELS) == [523, 0.25, 0.1, 0, 32, 30, 7900, 31.5]


def test_status_codes() -> None:
    assert {s.value: code for s, code in STATUS_CODES.items()} == {
        "ok": 0, "no_face": 1, "skipped": 2, "lost": 3,
    }  # fmt: skip
    assert set(STATUS_CODES) == set(Status)


def test_what_is_not_there_is_nan() -> None:
    lost = Sample(id=1, session="anna", seq=0, t=1.5, status=Status.LOST)
    values = channel_values(SampleAboveRest(**lost.model_dump()), CHANNELS + ABOVE_REST)
    assert [values[0], values[3]] == [1, 3]
    assert all(math.isnan(v) for i, v in enumerate(values) if i not in (0, 3))


def test_every_channel_is_a_field_of_a_sample() -> None:
    assert {c.label for c in CHANNELS + ABOVE_REST} <= set(SampleAboveRest.model_fields)
    assert all(c.unit and c.type for c in CHANNELS + ABOVE_REST)
