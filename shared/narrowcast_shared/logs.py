"""Logging: one line a record, on standard error, as text or as JSON.

A record tells which session and frame it is of where it is logged with `extra={"session": ...,
"seq": ...}`.
"""

import json
import logging
import re
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from types import TracebackType
from typing import Any

ABOUT = ("session", "seq")
"""What a record may be about: attributes that a logger's `extra` gives it."""

OURS = "narrowcast_"
"""Beginning of the name of every package here, and so of every logger."""

_LEVELS = (logging.WARNING, logging.INFO, logging.DEBUG)
_TRACEBACKS_FROM = 2
_LIBRARIES_FROM = 3

# A record may quote what strangers sent: a line end in it must not begin a line of its own.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")

# Libraries log whole handshakes at their most talkative, and a stranger may put a token anywhere.
_SECRET = re.compile(r"(?i)(bearer[ +]+|narrowcast\.token\.|\bnct_)[\w.~+/=-]+")
_CREDENTIALS = re.compile(r"(?i)\b([a-z][a-z0-9+.-]*://)[^/?#\s]*@")  # of a camera's URL, say

_log = logging.getLogger(__name__)


class LogFormat(StrEnum):
    """How a record is written."""

    TEXT = "text"  # for people
    JSON = "json"  # an object a line, for whatever collects them


def configure(verbosity: int) -> None:
    """Log to standard error: warnings at verbosity 0, from 1 info, from 2 debug.

    Below 2 an exception is named on its line, from 2 on its traceback follows. Libraries
    tell only their warnings below 3.
    """
    root = logging.getLogger()
    for handler in _our_handlers():
        root.removeHandler(handler)
    root.addHandler(_StandardError(verbosity))
    root.setLevel(_level(verbosity))


def at_least(verbosity: int) -> None:
    """Raise the verbosity to this where it is lower: a service tells more than a filter."""
    if logging.getLogger().level > _level(verbosity):
        configure(verbosity)


def use(log_format: LogFormat) -> None:
    """Write records so from now on, at the verbosity there is.

    As JSON every line is a record: Python's warnings, and what ends the process, are too.
    """
    is_json = log_format is LogFormat.JSON
    for handler in _our_handlers():
        handler.use(log_format)
    logging.captureWarnings(is_json)
    if is_json:
        sys.excepthook = _record_unexpected


def complain(text: str) -> bool:
    """Record the error that ends a command, where records are JSON; False where they are not."""
    if not any(handler.log_format is LogFormat.JSON for handler in _our_handlers()):
        return False
    _log.critical("%s", text)
    return True


@contextmanager
def held(limit: int = 1000) -> Iterator[None]:
    """Keep records back while the terminal is being drawn on; write them afterwards.

    The newest `limit` are kept: what led to the end is worth more than what began it.
    """
    handlers = _our_handlers()
    kept: deque[str] = deque(maxlen=limit)
    for handler in handlers:
        handler.kept = kept
    try:
        yield
    finally:
        for handler in handlers:
            handler.kept = None
        sys.stderr.writelines(kept)


def without_secrets(text: str) -> str:
    """The text with every token, and every password in a URL, replaced by dots, as far as one can
    be known as such.
    """
    return _CREDENTIALS.sub(r"\1...@", _SECRET.sub(r"\1...", text))


def _level(verbosity: int) -> int:
    return _LEVELS[min(verbosity, len(_LEVELS) - 1)]


def _our_handlers() -> list["_StandardError"]:
    return [h for h in logging.getLogger().handlers if isinstance(h, _StandardError)]


class _StandardError(logging.Handler):
    """Writes to whatever sys.stderr is at that moment, or keeps the lines."""

    def __init__(self, verbosity: int) -> None:
        super().__init__()
        self._tracebacks = verbosity >= _TRACEBACKS_FROM
        self.use(LogFormat.TEXT)
        self.kept: deque[str] | None = None
        if verbosity < _LIBRARIES_FROM:
            self.addFilter(_is_worth_a_line)

    def use(self, log_format: LogFormat) -> None:
        self.log_format = log_format
        formatter = _Json if log_format is LogFormat.JSON else _OneLine
        self.setFormatter(formatter(tracebacks=self._tracebacks))

    def emit(self, record: logging.LogRecord) -> None:
        line = without_secrets(self.format(record)) + "\n"
        if self.kept is None:
            sys.stderr.write(line)
        else:
            self.kept.append(line)


def _is_worth_a_line(record: logging.LogRecord) -> bool:
    return record.name.startswith(OURS) or record.levelno >= logging.WARNING


class _OneLine(logging.Formatter):
    """As `2026-01-31T12:00:00.123+00:00 info decoder.hub: message`."""

    def __init__(self, *, tracebacks: bool) -> None:
        super().__init__()
        self._tracebacks = tracebacks

    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created).astimezone()
        name = record.name.removeprefix(OURS)
        message = _CONTROL.sub(_escaped, record.getMessage())
        line = f"{time.isoformat(timespec='milliseconds')} {record.levelname.lower()} {name}: "
        return line + message + self._exception(record)

    def _exception(self, record: logging.LogRecord) -> str:
        if not record.exc_info or record.exc_info[1] is None:
            return ""
        if self._tracebacks:
            return "\n" + self.formatException(record.exc_info)
        error = record.exc_info[1]
        return _CONTROL.sub(_escaped, f" ({type(error).__name__}: {error})")


class _Json(logging.Formatter):
    """As `{"time": "2026-01-31T12:00:00.123Z", "level": "info", "logger": ..., "message": ...}`.

    `session` and `seq` follow where the record has them, `error` and `traceback` where it is of an
    exception. All is ASCII: no control character gets through.
    """

    def __init__(self, *, tracebacks: bool) -> None:
        super().__init__()
        self._tracebacks = tracebacks

    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        told: dict[str, Any] = {
            "time": time.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        told |= {key: record.__dict__[key] for key in ABOUT if key in record.__dict__}
        return json.dumps(told | self._exception(record))

    def _exception(self, record: logging.LogRecord) -> dict[str, str]:
        if not record.exc_info or record.exc_info[1] is None:
            return {}
        error = record.exc_info[1]
        told = {"error": f"{type(error).__name__}: {error}"}
        if self._tracebacks:
            told["traceback"] = self.formatException(record.exc_info)
        return told


def _record_unexpected(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    _log.critical("unexpected error", exc_info=(kind, error, trace))


def _escaped(match: re.Match[str]) -> str:
    return match.group().encode("unicode_escape").decode()
