"""What counts as the first seconds of face."""

import pytest

from narrowcast_client.baseline import RestLearner
from narrowcast_client.baseline.estimate import BIN_S, Bin

from .series import make_series


def fed(seconds: float, valences: list[float | None], fps: float = 10.0) -> RestLearner:
    learner = RestLearner(seconds)
    for sample in make_series(valences, fps=fps):
        learner.add(sample)
    return learner


@pytest.mark.parametrize("fps", [2.0, 5.0, 10.0, 25.0, 60.0])
def test_the_time_is_the_same_at_every_frame_rate(fps: float) -> None:
    learner = fed(100, [0.1] * round(20 * fps), fps)
    assert learner.seen_s == pytest.approx(20, abs=0.6)
    assert learner.rest is None


def test_time_without_a_face_does_not_count() -> None:
    away: list[float | None] = [0.1] * 50 + [None] * 300 + [0.1] * 50  # 5 s, 30 s, 5 s
    learner = fed(12, away)
    assert learner.rest is None
    assert 10 <= learner.seen_s <= 11.1  # with 1 s of the 30 at most


def test_it_is_learned_at_the_sample_that_completes_the_time() -> None:
    learner = fed(10, [0.2] * 97)
    assert learner.rest is None
    learner = fed(10, [0.2] * 200)
    assert learner.rest is not None
    assert learner.rest.valence == pytest.approx(0.2)
    assert 98 <= learner.last_id <= 101  # the last quarter of a second counts when it begins
    assert learner.readings == learner.last_id


def test_nothing_after_that_changes_it() -> None:
    first = fed(10, [0.2] * 110)
    later = fed(10, [0.2] * 110 + [-0.9] * 500)
    assert first.rest == later.rest
    assert first.last_id == later.last_id


def test_a_sample_that_comes_twice_counts_once() -> None:
    learner = RestLearner(60)
    series = make_series([0.1] * 50)
    for sample in [*series, *series]:
        learner.add(sample)
    assert learner.readings == 50


def test_late_ones_are_put_where_they_were_captured() -> None:
    series = make_series([0.1] * 30)
    late = [series[index].model_copy(update={"id": 31 + index}) for index in range(10, 20)]
    learner, straight = RestLearner(60), RestLearner(60)
    for sample in [*series[:10], *series[20:], *late]:
        learner.add(sample)
    for sample in series:
        straight.add(sample)
    assert learner.seen_s == straight.seen_s
    assert learner.bins() == straight.bins()


def test_bins_are_means_by_precision() -> None:
    first, second = make_series([0.0, 0.3])
    learner = RestLearner(60)
    learner.add(first)
    learner.add(second.model_copy(update={"sigma": 0.2, "px": 12}))
    (only,) = learner.bins()
    precisions = (100 + 25) / 2
    assert only == Bin(int(first.t // BIN_S), pytest.approx(0.06), pytest.approx(precisions))
    assert learner.px == (12, 48)
    assert learner.first_t == first.t
