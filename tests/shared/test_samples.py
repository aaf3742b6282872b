"""The sample as a value, as JSON and as CSV."""

import csv
import io

import pydantic
import pytest

from narrowcast_shared.samples import FIELDS, Sample, Status, csv_header, csv_row

READ = Sample(
    id=7,
    session="anna",
    seq=6,
    t=1_700_000_000.123456,
    status=Status.OK,
    valence=0.25,
    sigma=0.1,
    px=32,
    qp=30,
    wire_bps=5250,
    latency_ms=12.5,
    cap_bps=8000,
)
LOST = Sample(id=1, session="anna", seq=0, t=0.0, status=Status.LOST)


def test_the_columns() -> None:
    assert csv_header() == (
        "id,session,seq,t,status,valence,sigma,px,qp,wire_bps,latency_ms,cap_bps\n"
    )  # a released format: change it with a word in the changelog


def test_rows() -> None:
    assert csv_row(READ) == "7,anna,6,1700000000.123456,ok,0.25,0.1,32,30,5250,12.5,8000\n"
    assert csv_row(LOST) == "1,anna,0,0.0,lost,,,,,,,\n"


def test_a_session_named_after_a_file_does_not_break_the_table() -> None:
    """Scored files are sessions too, and their names may hold what CSV must quote."""
    awkward = READ.model_copy(update={"session": 'my "best", clip\n2'})
    table = list(csv.DictReader(io.StringIO(csv_header() + csv_row(awkward) + csv_row(LOST))))
    assert [row["session"] for row in table] == ['my "best", clip\n2', "anna"]
    assert list(table[0]) == list(FIELDS)
    assert table[1]["latency_ms"] == ""


@pytest.mark.parametrize("sample", [READ, LOST])
def test_json_round_trip(sample: Sample) -> None:
    assert Sample.model_validate_json(sample.model_dump_json()) == sample


@pytest.mark.parametrize("change", [{"id": 0}, {"seq": -1}, {"status": "late"}])
def test_what_is_no_sample(change: dict[str, object]) -> None:
    with pytest.raises(pydantic.ValidationError):
        Sample.model_validate(READ.model_dump() | change)


def test_a_later_decoder_may_say_more_of_a_frame() -> None:
    assert Sample.model_validate(READ.model_dump() | {"mood": "fine"}) == READ


def test_a_sample_does_not_change() -> None:
    with pytest.raises(pydantic.ValidationError):
        READ.valence = 1.0  # type: ignore[misc]


def test_every_field_is_described() -> None:
    """The descriptions are what OpenAPI shows."""
    for name, field in Sample.model_fields.items():
        assert field.description, name
