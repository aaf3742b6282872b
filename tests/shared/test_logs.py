"""The log as JSON: an object a line, whatever is logged."""

import json
import logging
import sys
import warnings
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from narrowcast_shared import command_line, logs
from narrowcast_shared.logs import LogFormat

LOGGER = logging.getLogger("narrowcast_x")


@pytest.fixture
def as_json(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The log as JSON, and all as it was afterwards."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    logs.configure(1)
    logs.use(LogFormat.JSON)
    yield
    logs.use(LogFormat.TEXT)
    root.handlers[:] = handlers
    root.setLevel(level)


def told(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    (line,) = capsys.readouterr().err.splitlines()
    record: dict[str, Any] = json.loads(line)
    return record


@pytest.mark.usefixtures("as_json")
def test_a_record_has_its_time_and_what_it_is_about(capsys: pytest.CaptureFixture[str]) -> None:
    LOGGER.warning("frame %d\nof %s", 7, "cam", extra={"session": "cam", "seq": 7, "other": 1})
    record = told(capsys)
    assert datetime.fromisoformat(record.pop("time")).tzname() == "UTC"
    assert record == {
        "level": "warning",
        "logger": "narrowcast_x",
        "message": "frame 7\nof cam",
        "session": "cam",
        "seq": 7,
    }


@given(st.text(), st.text())
def test_any_text_is_one_ascii_line(message: str, session: str) -> None:
    record = logging.makeLogRecord({"msg": "%s", "args": (message,), "session": session})
    line = logs._Json(tracebacks=False).format(record)
    assert line.isascii()
    assert line.isprintable()
    parsed = json.loads(line)
    assert (parsed["message"], parsed["session"]) == (message, session)


@pytest.mark.usefixtures("as_json")
@pytest.mark.parametrize("verbosity", [1, 2])
def test_an_exception_is_named_and_its_traceback_is_for_debugging(
    capsys: pytest.CaptureFixture[str], verbosity: int
) -> None:
    logs.configure(verbosity)
    logs.use(LogFormat.JSON)
    try:
        _ = 1 / 0
    except ZeroDivisionError:
        LOGGER.exception("it failed")
    record = told(capsys)
    assert record["error"] == "ZeroDivisionError: division by zero"
    assert ("Traceback" in record.get("traceback", "")) is (verbosity == 2)


@pytest.mark.usefixtures("as_json")
def test_what_python_itself_says_is_a_record(capsys: pytest.CaptureFixture[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)  # catch_warnings has undone it
        warnings.warn("old\nway", stacklevel=1)
    assert "old\nway" in told(capsys)["message"]
    sys.excepthook(ValueError, ValueError("no"), None)
    assert told(capsys)["error"] == "ValueError: no"


@pytest.mark.usefixtures("as_json")
def test_the_error_of_a_command_is_a_record(capsys: pytest.CaptureFixture[str]) -> None:
    command_line._complain("no such\nfile")
    record = told(capsys)
    assert (record["level"], record["message"]) == ("critical", "no such file")


def test_as_text_the_error_of_a_command_is_its_own_line(capsys: pytest.CaptureFixture[str]) -> None:
    command_line._complain("no such\nfile")
    assert capsys.readouterr().err == "narrowcast: error: no such file\n"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("rtsp://admin:s3cr3t@cam/live is away", "rtsp://...@cam/live is away"),
        (
            "redis://:s3c@r3t@bus:6379 and http://host/@me",
            "redis://...@bus:6379 and http://host/@me",
        ),
    ],
)
def test_a_password_in_a_url_is_not_written(text: str, written: str) -> None:
    assert logs.without_secrets(text) == written
