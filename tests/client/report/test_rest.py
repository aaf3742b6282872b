"""Rest out of files: in order of capture, of one person."""

from pathlib import Path

import pytest

from narrowcast_client.baseline import ModelName, RestLearner
from narrowcast_client.report.read_file import learn_from_file
from narrowcast_shared.errors import DataError
from narrowcast_shared.samples import Sample, Status, csv_header, csv_row


def series(session: str = "anna", count: int = 200) -> list[Sample]:
    """10 fps; every tenth frame has no face."""
    return [
        Sample(
            id=index + 1, session=session, seq=index, t=index / 10,
            **({"status": Status.NO_FACE} if index % 10 == 9 else
               {"status": Status.OK, "valence": 0.1 + 0.001 * (index % 7), "sigma": 0.1, "px": 24}),
        )
        for index in range(count)
    ]  # fmt: skip


def written(path: Path, samples: list[Sample]) -> Path:
    path.write_text(csv_header() + "".join(map(csv_row, samples)))
    return path


def test_a_file_gives_what_the_series_gives(tmp_path: Path) -> None:
    path = written(tmp_path / "anna.csv", series())
    learner, model = learn_from_file(path, 10, None)
    straight = RestLearner(10)
    for sample in series():
        straight.add(sample)
    assert learner.rest == straight.rest
    assert (learner.px, learner.readings) == (straight.px, straight.readings)
    assert model == ModelName()


def test_late_rows_are_taken_in_order_of_capture(tmp_path: Path) -> None:
    samples = series()
    path = written(tmp_path / "anna.csv", [*samples[30:], *samples[:30]])
    learner, _ = learn_from_file(path, 10, None)
    straight, _ = learn_from_file(written(tmp_path / "b.csv", samples), 10, None)
    assert learner.rest == straight.rest


def test_it_may_begin_later(tmp_path: Path) -> None:
    path = written(tmp_path / "anna.csv", series())
    learner, _ = learn_from_file(path, 10, 12.05)
    assert learner.first_t == 12.1
    assert learner.rest is None
    assert learner.seen_s < 9


def test_two_people_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "both.csv", [*series("anna", 20), *series("berta", 20)])
    with pytest.raises(DataError, match="holds 2 sessions: give a file of one person's session"):
        learn_from_file(path, 10, None)
