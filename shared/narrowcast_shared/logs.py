"""Logging for the command line: one line a record, on standard error."""

import logging
import re
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

OURS = "narrowcast_"
"""Beginning of the name of every package here, and so of every logger."""

_LEVELS = (logging.WARNING, logging.INFO, logging.DEBUG)
_TRACEBACKS_FROM = 2
_LIBRARIES_FROM = 3

# A record may quote what strangers sent: a line end in it must not begin a line of its own.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


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


def _level(verbosity: int) -> int:
    return _LEVELS[min(verbosity, len(_LEVELS) - 1)]


def _our_handlers() -> list["_StandardError"]:
    return [h for h in logging.getLogger().handlers if isinstance(h, _StandardError)]


class _StandardError(logging.Handler):
    """Writes to whatever sys.stderr is at that moment, or keeps the lines."""

    def __init__(self, verbosity: int) -> None:
        super().__init__()
        self.setFormatter(_OneLine(tracebacks=verbosity >= _TRACEBACKS_FROM))
        self.kept: deque[str] | None = None
        if verbosity < _LIBRARIES_FROM:
            self.addFilter(_is_worth_a_line)

    def emit(self, record: logging.LogRecord) -> None:
        line = self.format(record) + "\n"
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


def _escaped(match: re.Match[str]) -> str:
    return match.group().encode("unicode_escape").decode()
