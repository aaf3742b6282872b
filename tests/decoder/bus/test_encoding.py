"""Samples as entries of a stream: nothing is lost, and what is no sample is told."""

import math
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from narrowcast_decoder.bus import encoding
from narrowcast_shared.errors import StoreError
from narrowcast_shared.marks import Mark
from narrowcast_shared.samples import Sample, Status

_number = st.floats(allow_nan=False, allow_infinity=False)
_maybe = st.none() | _number
_whole = st.integers(0, encoding.MAX_NUMBER)
samples = st.builds(
    Sample,
    id=st.integers(1, encoding.MAX_NUMBER),
    session=st.just("a"),
    seq=_whole,
    t=_number,
    status=st.sampled_from(Status),
    valence=_maybe,
    sigma=_maybe,
    px=st.none() | st.integers(1, 96),
    qp=st.none() | st.integers(0, 51),
    wire_bps=st.none() | _whole,
    latency_ms=_maybe,
    cap_bps=st.none() | _whole,
)


@given(samples)
def test_a_sample_comes_back_as_it_was(sample: Sample) -> None:
    entry = encoding.entry(sample)
    assert encoding.sample("a", sample.id, entry.encode()) == sample
    assert encoding.entry(sample) == entry
    assert "\n" not in entry
    # What the scripts rely on.
    assert entry[1:2] == str(encoding.STATUSES.index(sample.status))
    assert entry.split(",")[2] == repr(sample.t)


@given(st.lists(samples, min_size=1, max_size=5), st.integers(1, 10**9))
def test_a_message_has_the_ids_of_its_samples(made: list[Sample], first_id: int) -> None:
    lines = [str(first_id), *map(encoding.entry, made)]
    found = encoding.message("a", "\n".join(lines).encode())
    assert found == [
        sample.model_copy(update={"id": first_id + index}) for index, sample in enumerate(made)
    ]


def test_entries_of_a_release_that_knew_no_caps_are_read() -> None:
    entry = b"[0,1,0.5,0.25,0.1,32,30,7840,20.5]"
    found = encoding.sample("a", 2, entry)
    assert (found.wire_bps, found.latency_ms, found.cap_bps) == (7840, 20.5, None)
    assert encoding.entry(found).encode() == entry  # so that one sent again is known


@given(_number, st.text(max_size=200))
def test_a_mark_comes_back_as_it_was(t: float, text: str) -> None:
    entry = encoding.mark_entry(t, text)
    assert encoding.mark("a", 3, entry.encode()) == Mark(id=3, t=t, text=text)
    assert entry.startswith(f"[{t!r},")  # what the scripts rely on


@pytest.mark.parametrize("data", [b"", b"1", b"[1]", b'[1,"a",2]', b'["a",1]', b"[1,2]"])
def test_these_are_no_marks(data: bytes) -> None:
    with pytest.raises(StoreError, match="no mark, under id 7: give each use"):
        encoding.mark("a", 7, data)


def test_every_status_has_its_code() -> None:
    assert sorted(encoding.STATUSES) == sorted(Status)


@given(st.binary(max_size=60))
def test_something_else_is_told_as_that(data: bytes) -> None:
    for read in (lambda: encoding.sample("a", 1, data), lambda: encoding.message("a", data)):
        with suppress(StoreError):
            read()


@pytest.mark.parametrize(
    "data",
    [b"", b"1", b"[]", b"[9,0,0,0,0,0,0,0,0]", b"[0,-1,0,0,0,0,0,0,0]", b"[0,1,0,0,0,1,1,1,0,1,1]"],
)
def test_these_are_no_samples(data: bytes) -> None:
    with pytest.raises(StoreError, match="no sample, at id 7: give each use"):
        encoding.sample("a", 7, data)


@pytest.mark.parametrize("number", ["id", "seq"])
def test_numbers_that_the_scripts_cannot_count_to_are_refused(number: str) -> None:
    whole = {"id": 1, "seq": 0} | {number: encoding.MAX_NUMBER + 1}
    sample = Sample(session="a", t=math.pi, status=Status.LOST, **whole)  # type: ignore[arg-type]
    with pytest.raises(StoreError, match=f"end at {encoding.MAX_NUMBER}"):
        encoding.entry(sample)
