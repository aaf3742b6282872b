"""Samples above rest: what they get, when, and that streaming gives what offline gives."""

import logging
import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from narrowcast_client.baseline import (
    Baseline,
    BaselineChoice,
    ModelName,
    Profile,
    RestLearner,
    SampleAboveRest,
    profile_of,
)
from narrowcast_shared.errors import SettingsError
from narrowcast_shared.samples import Sample

from .series import make_series

OA = ModelName(name="oa", sha256="ab" * 32)


def profile(model: ModelName = OA, px: tuple[int, int] | None = (48, 48)) -> Profile:
    learner = RestLearner(5)
    for sample in make_series([-0.2, -0.18, -0.22] * 40):
        learner.add(sample)
    made = datetime(2026, 1, 31, tzinfo=UTC)
    return profile_of(learner, model, "anna", made).model_copy(update={"px": px})


def test_nothing_is_above_a_rest_that_is_being_learned() -> None:
    baseline = BaselineChoice(seconds=10).begin(OA)
    given_ = [baseline.above_rest(s) for s in make_series([0.2] * 90)]
    assert all(s.valence_above_rest is None and s.sigma_above_rest is None for s in given_)
    assert [s.valence for s in given_] == [0.2] * 90  # raw it is there
    assert str(baseline) == "learning rest: 9 of 10 s of face seen"
    assert baseline.known is None


def test_then_rest_is_subtracted_and_its_error_added() -> None:
    baseline = BaselineChoice(seconds=10).begin(OA)
    values = [0.1, 0.14, 0.06, 0.1] * 30 + [0.6, None, -0.4]
    given_ = [baseline.above_rest(s) for s in make_series(values)]
    assert baseline.known is not None
    rest, error = baseline.known
    assert 0 < error < 0.05
    assert rest == pytest.approx(0.1, abs=0.02)
    high, nothing, low = given_[-3:]
    assert high.valence_above_rest == pytest.approx(0.6 - rest, abs=1e-5)
    assert high.sigma_above_rest == pytest.approx(math.hypot(0.1, error), abs=1e-5)
    assert nothing.valence_above_rest is None
    assert low.valence_above_rest == pytest.approx(-0.4 - rest, abs=1e-5)
    assert str(baseline) == f"rest {rest:+.2f} ±{error:.2f}"


def test_of_a_profile_it_is_known_from_the_first_sample_on() -> None:
    baseline = BaselineChoice(profile=profile()).begin(OA)
    (first,) = map(baseline.above_rest, make_series([0.3]))
    assert first.valence_above_rest == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize(
    "other",
    [
        ModelName(name="other"),
        ModelName(name="oa", sha256="cd" * 32),
        ModelName(name="/elsewhere/mine.safetensors"),
    ],
)
def test_a_profile_of_another_model_is_refused(other: ModelName) -> None:
    with pytest.raises(SettingsError, match=r"made with model oa \(abababab\), and this series"):
        BaselineChoice(profile=profile()).begin(other)


@pytest.mark.parametrize(
    ("made_with", "model"),
    [
        (ModelName(name="/a/mine.safetensors"), ModelName(name="mine.safetensors")),
        (ModelName(name="renamed", sha256="ab" * 32), OA),
        (ModelName(name="oa"), OA),
    ],
)
def test_the_same_model_elsewhere_is_not(
    made_with: ModelName, model: ModelName, caplog: pytest.LogCaptureFixture
) -> None:
    BaselineChoice(profile=profile(made_with)).begin(model)
    assert caplog.text == ""


def test_a_model_that_is_not_known_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    BaselineChoice(profile=profile()).begin(ModelName())
    assert "not known whether the baseline of anna was made with this series" in caplog.text


def test_faces_much_smaller_than_those_of_rest_are_warned_of_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING)
    baseline = Baseline(profile(px=(32, 48)))
    for px in (48, 24, 16, 12):
        baseline.above_rest(make_series([0.1], px=px)[0])
    assert [record.getMessage() for record in caplog.records] == [
        "anna: rest was estimated at 32 to 48 px; a face of 16 px is estimated with another bias"
    ]


_readings = st.lists(st.one_of(st.none(), st.floats(-1, 1)), min_size=1, max_size=250)


@given(_readings, st.sampled_from([2.0, 10.0, 25.0]), st.integers(0, 250))
def test_streaming_is_offline_wherever_one_joins(
    valences: list[float | None], fps: float, joined: int
) -> None:
    """Sample by sample; and by one who joins late, and is given the beginning first."""
    series = make_series(valences, fps=fps)
    streamed = _all(BaselineChoice(seconds=5).begin(OA), series)

    offline = BaselineChoice(seconds=5).begin(OA)
    any(map(offline.learn, series))
    assert _all(offline, series) == streamed

    late = BaselineChoice(seconds=5).begin(OA)
    any(map(late.learn, series[:joined]))  # what is stored when they join
    assert _all(late, series[max(0, joined - 20) :]) == streamed[max(0, joined - 20) :]

    if offline.learner is not None and offline.learner.rest is not None:
        stored = profile_of(offline.learner, OA, "anna", datetime.now(UTC))
        again = _all(Baseline(stored), series)
        after = offline.learner.last_id
        assert again[after:] == streamed[after:]


def _all(baseline: Baseline, series: list[Sample]) -> list[SampleAboveRest]:
    return [baseline.above_rest(sample) for sample in series]


def test_as_json_and_back() -> None:
    baseline = Baseline(profile())
    (sample,) = map(baseline.above_rest, make_series([0.3]))
    assert SampleAboveRest.model_validate_json(sample.model_dump_json()) == sample
    assert list(type(sample).model_fields)[-2:] == ["valence_above_rest", "sigma_above_rest"]
