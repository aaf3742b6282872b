"""Errors that point into the documentation, and how the command line tells it."""

import json
import subprocess
import sys

import pytest

from narrowcast_shared.errors import (
    LinkError,
    NarrowcastError,
    SettingsError,
    SourceError,
    pointing_to,
)
from narrowcast_shared.link import parse_schedule
from narrowcast_shared.see import See


@pointing_to(See.DETECTORS)
def fail(error: NarrowcastError) -> None:
    raise error


@pytest.mark.parametrize(
    ("error", "see"),
    [
        (SettingsError("a"), See.DETECTORS),
        (SourceError("a"), See.DETECTORS),
        (LinkError("a", see=See.TLS), See.TLS),
    ],
)
def test_the_nearest_page_counts(error: NarrowcastError, see: See) -> None:
    with pytest.raises(NarrowcastError) as raised:
        fail(error)
    assert raised.value.see is see
    assert str(raised.value) == "a"


def test_a_class_may_have_a_page() -> None:
    assert SourceError("a").see is See.SOURCES
    assert SettingsError("a").see is None
    with pytest.raises(SettingsError) as raised:
        parse_schedule("fast")
    assert raised.value.see is See.CAPS


@pytest.mark.parametrize(
    ("arguments", "told", "see"),
    [
        (["export", "anna", "--out", "a.csv", "--token", "a b"], "this is no token", See.TOKENS),
        (["score", "no-such-file"], "there is no file no-such-file", See.SOURCES),
        (["encode", "sample", "--cap", "0"], "a cap of 0 carries nothing", See.CAPS),
        (["encode", "sample", "--trace", "none"], "the trace none cannot be read", See.TRACES),
        (["encode", "sample", "--detector", "yunet"], "needs a model file", See.DETECTORS),
        (["watch", "--window", "2O"], "'2O' is no duration", None),
    ],
)
def test_the_page_is_on_a_line_of_its_own(arguments: list[str], told: str, see: See | None) -> None:
    command = [sys.executable, "-m", "narrowcast_shared", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 2
    problem, *rest = done.stderr.splitlines()
    assert told in problem
    assert rest == ([f"see: {see}"] if see else [])


def test_a_log_of_json_has_both_in_one_record() -> None:
    command = [sys.executable, "-m", "narrowcast_shared", "serve", "--host", "0.0.0.0"]
    command += ["--log-format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)
    (record,) = map(json.loads, done.stderr.splitlines())
    assert record["message"].endswith(f"(see {See.ACCESS})")
