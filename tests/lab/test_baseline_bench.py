"""What rest is worth: figures of made-up people, where the truth is known."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from narrowcast_lab.baseline_bench import photographs, tables
from narrowcast_lab.baseline_bench.photographs import Photographs
from narrowcast_lab.commands.bench_baseline import baseline
from narrowcast_models.data.faces import LabelledFaces
from narrowcast_shared.errors import DataError


def made_up(
    between: float, within: float, people: int = 60, each: int = 8
) -> tuple[np.ndarray, Photographs]:
    """Neutral photographs of people that differ by `between`, and a happy one of each, +0.5."""
    random = np.random.default_rng(1)
    person = np.repeat(np.arange(people), each + 1)
    neutral = np.tile([True] * each + [False], people)
    own = random.normal(0, between, people)[person] if between else np.zeros(len(person))
    valence = own + random.normal(0, within, len(person)) + np.where(neutral, 0, 0.5)
    images = np.zeros((len(person), 1, 1), dtype=np.uint8)
    faces = LabelledFaces("made up", images, valence.astype(np.float32))
    return valence, Photographs(faces, person, neutral)


def test_where_people_differ_rest_takes_the_difference_out() -> None:
    valence, people = made_up(0.3, 0.1)
    row = photographs.row(48, valence, valence, people)
    assert row.person_share == pytest.approx(0.9, abs=0.05)
    assert row.ratio < 0.5
    assert row.ratio_low < row.ratio < row.ratio_high
    assert row.spread_above < row.spread_above_3 < row.spread
    assert row.auc_above > row.auc + 0.05


def test_where_they_do_not_it_only_adds_noise() -> None:
    valence, people = made_up(0.0, 0.1)
    row = photographs.row(48, valence, valence, people)
    assert row.person_share < 0.05
    assert 1.0 < row.ratio < 1.2
    assert row.spread_above_3 > row.spread_above


def test_rest_read_at_another_size_leaves_that_size_s_bias() -> None:
    valence, people = made_up(0.3, 0.1)
    row = photographs.row(8, valence + 0.2, valence, people)
    assert row.mean_above_48 == pytest.approx(0.2, abs=0.01)


def test_a_photograph_is_never_above_itself() -> None:
    person, neutral = np.array([7, 7, 7, 8, 8]), np.array([True] * 5)
    valence = np.array([0.9, 0.1, 0.3, -0.5, 0.5])
    assert photographs.others(valence, person, neutral) == pytest.approx([0.2, 0.6, 0.5, 0.5, -0.5])


def test_the_table_has_a_column_a_size() -> None:
    valence, people = made_up(0.3, 0.1)
    rows = [photographs.row(px, valence, valence, people) for px in (48, 12)]
    lines = tables.of_photographs(rows).splitlines()
    assert lines[0] == "| px | 48 | 12 |"
    assert all(line.count("|") == 4 for line in lines)


def test_without_the_photographs_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NARROWCAST_DATA", raising=False)
    result = CliRunner().invoke(baseline, [])
    assert isinstance(result.exception, DataError)


@pytest.mark.data
def test_the_command_on_two_clips(clips_folder: Path, tmp_path: Path) -> None:
    clips = [str(clips_folder / f"grid_{name}.mpg") for name in ("bbaf2n", "pwij3p")]
    out = tmp_path / "baseline.json"
    result = CliRunner().invoke(baseline, [*clips, "--px", "12", "--json", str(out)])
    assert result.exit_code == 0, result.output
    report = json.loads(out.read_text())
    assert report["people"] == 119
    assert report["clips"][0]["clips"] == 2
    assert 0 < report["photographs"][0]["person_share"] < 0.5
