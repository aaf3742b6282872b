"""The decoder hears what the wire rate is kept under, where that changes and not all the time."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from narrowcast_encoder.session.settings import StreamSettings, make_stream
from narrowcast_encoder.session.stream import Stream
from narrowcast_encoder.session.told_cap import CHANGED, PAUSE_US, ToldCap
from narrowcast_shared.link import LinkSettings, parse_schedule
from narrowcast_shared.link.trace import Trace
from narrowcast_shared.wire.messages import MAX_COUNT, Data, Report
from narrowcast_shared.wire.serial import parse

FRAME_US = 40_000


def test_what_the_hello_has_said_is_not_told_again() -> None:
    told = ToldCap(8000)
    assert told.news(8000, 0) is None
    assert told.news(8800, 0) is None
    assert told.news(8801, 0) == 8801


def test_a_cap_that_was_not_told_of_is_news() -> None:
    assert ToldCap(0).news(1, 0) == 1


def test_no_cap_is_nothing_to_tell() -> None:
    assert ToldCap(8000).news(0, 0) is None


def test_what_was_withdrawn_is_told_again_at_once() -> None:
    told = ToldCap(8000)
    assert told.news(4000, 5) == 4000
    told.withdrawn()
    assert told.news(4000, 6) == 4000


@given(st.lists(st.tuples(st.integers(0, 400_000), st.integers(0, 10**6)), max_size=200))
def test_the_decoder_is_never_far_off_for_long(steps: list[tuple[int, int]]) -> None:
    told, known_bps, now_us, told_us = ToldCap(8000), 8000, 0, -PAUSE_US
    for passed_us, cap_bps in steps:
        now_us += passed_us
        news = told.news(cap_bps, now_us)
        if news is not None:
            assert news == cap_bps
            assert now_us - told_us >= PAUSE_US
            known_bps, told_us = news, now_us
        elif cap_bps and now_us - told_us >= PAUSE_US:
            assert abs(cap_bps - known_bps) <= CHANGED * known_bps


def chip(index: int) -> NDArray[np.uint8]:
    """A blob that drifts: enough change for P frames of a few bytes."""
    y, x = np.mgrid[0:96, 0:96]
    blob = 128 + 100 * np.exp(-((x - 48 - index % 7) ** 2 + (y - 48) ** 2) / 400)
    return blob.astype(np.uint8)


def told_by(
    stream: Stream, seconds: float, cap_bps: int | None = 0, *, reports: bool = False
) -> dict[int, int]:
    """The caps in the messages of a stream, by the number of the message's first frame."""
    told: dict[int, int] = {}
    messages = 0
    stream.connected(0, told_cap_bps=cap_bps)
    for now_us in range(0, round(1e6 * seconds), 5000):
        if now_us % FRAME_US == 0:
            stream.frame(chip(now_us // FRAME_US), now_us, now_us)
        for message in stream.outgoing(now_us, now_us):
            data = parse(message)
            assert isinstance(data, Data)
            messages += 1
            if data.cap_bps is not None:
                told[data.first_seq] = data.cap_bps
        if reports and now_us % 300_000 == 0:
            stream.reported(Report(0, 0, messages, 0, now_us, 0, 0), now_us, now_us)
    return told


def link(cap: str) -> LinkSettings:
    return LinkSettings(parse_schedule(cap))


def test_the_steps_of_a_schedule_are_told() -> None:
    """The first one too, as the HELLO has the last one."""
    stream = make_stream(StreamSettings(link=link("32k,4s:8k,8s:16k")), 0)
    told = told_by(stream, 12, 16_000, reports=True)
    assert list(told.values()) == [32_000, 8000, 16_000]
    first, second, third = told
    assert first == 0
    assert 75 <= second <= 125, "the first that had not left at 4 s"
    assert 175 <= third <= 240


def test_a_cap_beyond_all_numbers_is_told_as_the_largest() -> None:
    assert list(told_by(make_stream(StreamSettings(link=link("32k,2s:9000G")), 0), 4).values()) == [
        32_000,
        MAX_COUNT,
    ]


def test_a_constant_cap_costs_nothing() -> None:
    assert told_by(make_stream(StreamSettings(link=link("8k")), 0), 5, 8000) == {}


def test_no_cap_is_told_where_the_decoder_takes_none() -> None:
    stream = make_stream(StreamSettings(link=link("32k,2s:8k")), 0)
    assert told_by(stream, 5, None) == {}


def test_a_line_that_nobody_keeps_to_is_not_told_of() -> None:
    assert told_by(make_stream(StreamSettings(px=32, qp=30), 0), 2) == {}


@pytest.mark.parametrize(
    "settings",
    [
        StreamSettings(adapt=True),
        StreamSettings(link=LinkSettings(Trace("steady", list(range(0, 6000, 750))))),
    ],
)
def test_what_a_line_is_found_to_carry_is_told(settings: StreamSettings) -> None:
    told = told_by(make_stream(settings, 0), 6, reports=True)
    assert 1 <= len(told) <= 7, "once a second at most"
    assert next(iter(told)) == 0
    assert all(cap_bps >= 500 for cap_bps in told.values())
