"""What a token may do, and of which sessions. Pure."""

import re
from collections.abc import Iterable
from enum import StrEnum

from narrowcast_shared.wire.messages import SESSION_PATTERN


class Scope(StrEnum):
    """A right. ADMIN includes SUBSCRIBE and ANNOTATE: who may delete a session may see what it is,
    and add to it.
    """

    PUBLISH = "publish"  # send frames
    SUBSCRIBE = "subscribe"  # read and follow series, list sessions
    ANNOTATE = "annotate"  # add marks to sessions
    ADMIN = "admin"  # delete sessions
    METRICS = "metrics"  # read /metrics, whatever the sessions


_OF_ADMIN = frozenset({Scope.SUBSCRIBE, Scope.ANNOTATE})

EVERY_SESSION = "*"

_PATTERN = re.compile(r"[A-Za-z0-9._*-]{1,64}")
_NAME = re.compile(SESSION_PATTERN)


def includes(scopes: Iterable[Scope], wanted: Scope) -> bool:
    """Whether these rights hold the wanted one."""
    held = set(scopes)
    return wanted in held or (wanted in _OF_ADMIN and Scope.ADMIN in held)


def is_pattern(text: str) -> bool:
    """Whether this is a session's name in which `*` may stand for anything, or nothing."""
    return _PATTERN.fullmatch(text) is not None


def covers(patterns: Iterable[str], session: str) -> bool:
    """Whether one of the patterns is of this session; what is no session's name is of none."""
    return _NAME.fullmatch(session) is not None and any(
        _matches(pattern, session) for pattern in patterns
    )


def _matches(pattern: str, session: str) -> bool:
    """In linear time, whatever the pattern: no expression that could be made to backtrack."""
    first, *rest = pattern.split("*")
    if not rest:
        return pattern == session
    *middle, last = rest
    if not session.startswith(first):
        return False
    at = len(first)
    for part in middle:
        found = session.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return len(session) - at >= len(last) and session.endswith(last)
