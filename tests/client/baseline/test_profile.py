"""Profiles in files, and the option that names them."""

import json
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from narrowcast_client.baseline import (
    BaselineChoice,
    ModelName,
    RestLearner,
    profile_of,
    read_profile,
    write_profile,
)
from narrowcast_client.options import baseline_option
from narrowcast_shared.errors import SettingsError

from .series import make_series

MADE = datetime(2026, 1, 31, 14, 0, tzinfo=UTC)
OA = ModelName(name="oa")


def learned(count: int = 120, seconds: float = 10) -> RestLearner:
    learner = RestLearner(seconds)
    for sample in make_series([0.1, 0.12, 0.08] * (count // 3)):
        learner.add(sample)
    return learner


def test_what_is_written_is_read(tmp_path: Path) -> None:
    profile = profile_of(learned(), OA, "anna", MADE)
    write_profile(profile, tmp_path / "anna.json")
    assert read_profile(tmp_path / "anna.json") == profile
    told = json.loads((tmp_path / "anna.json").read_text())
    assert told["format"] == "narrowcast baseline 1"
    assert told["resting_valence"] == pytest.approx(0.1, abs=0.01)
    assert told["made"] == "2026-01-31T14:00:00Z"
    assert told["model"] == {"name": "oa", "sha256": None}
    assert told["px"] == [48, 48]


@pytest.mark.parametrize(
    ("count", "told"),
    [
        (60, "anna has 6 of the 10 s of face asked for: record more of it, or give --seconds 6"),
        (
            30,
            "anna has 3 of the 10 s of face asked for: record more of it: rest takes at least 5 s",
        ),
    ],
)
def test_too_little_face_is_told(count: int, told: str) -> None:
    with pytest.raises(SettingsError) as caught:
        profile_of(learned(count), OA, "anna", MADE)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"format": "narrowcast baseline 2"}, "format: Input should be 'narrowcast baseline 1'"),
        ({"resting_valence": 3}, "resting_valence: Input should be less than or equal to 1"),
        ({"standard_error": "NaN"}, "standard_error: Input should be a finite number"),
        ({"mood": "good"}, "mood: Extra inputs are not permitted"),
    ],
)
def test_what_is_no_profile_is_told(tmp_path: Path, change: dict[str, object], told: str) -> None:
    path = tmp_path / "anna.json"
    write_profile(profile_of(learned(), OA, "anna", MADE), path)
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(SettingsError) as caught:
        read_profile(path)
    assert f"is not a baseline profile ({told})" in str(caught.value)
    assert "make one with `narrowcast baseline" in caught.value.remedy


def test_files_that_are_not_there_or_are_not_json(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        read_profile(tmp_path / "none.json")
    (tmp_path / "cat.json").write_bytes(b"\xff\xd8 no json")
    with pytest.raises(SettingsError, match="is not a baseline profile"):
        read_profile(tmp_path / "cat.json")
    with pytest.raises(SettingsError, match="cannot be written"):
        write_profile(profile_of(learned(), OA, "anna", MADE), tmp_path / "no" / "anna.json")


# --- the option ------------------------------------------------------------------------------


@click.command()
@baseline_option()
def command(baseline: BaselineChoice | None) -> None:
    if baseline is None:
        click.echo("None")
    else:
        click.echo(baseline.profile.model_dump_json() if baseline.profile else baseline.seconds)


def invoke(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(command, list(words))
    return result.exit_code, " ".join(result.output.split())


def test_a_time_or_a_profile(tmp_path: Path) -> None:
    path = tmp_path / "anna.json"
    profile = profile_of(learned(), OA, "anna", MADE)
    write_profile(profile, path)
    assert invoke() == (0, "None")
    assert invoke("--baseline", "1m") == (0, "60.0")
    assert invoke("--baseline", "60") == (0, "60.0")
    assert invoke("--baseline", str(path)) == (0, profile.model_dump_json())


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "3O",
            "'3O' is neither a duration nor the file of a profile; write 30s, or name a FILE.json",
        ),
        ("anna", "'anna' is neither a duration nor the file of a profile"),
        ("2s", "rest is learned from 5 s to 10 min of face"),
        ("1h", "rest is learned from 5 s to 10 min of face"),
        ("none.json", "none.json cannot be read (No such file or directory)"),
    ],
)
def test_what_is_neither_is_told(text: str, told: str) -> None:
    status, output = invoke("--baseline", text)
    assert status == 2
    assert f"Invalid value for '--baseline': {told}" in output
