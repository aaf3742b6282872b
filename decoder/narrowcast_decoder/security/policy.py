"""Which right each path asks for. Pure. What is not said here is open to nobody without a token."""

from enum import Enum, auto
from typing import NamedTuple

from narrowcast_decoder.security.scopes import Scope

PUBLISH_PATH = "/v1/publish"
SESSIONS_PATH = "/v1/sessions"

API_PATH = "/docs"
"""The page that shows the API's description."""

OPEN_PATHS = frozenset({"/", "/healthz", "/readyz", "/openapi.json", API_PATH})
"""What a health check, a balancer and whoever looks for the API's description may read."""

PAGE_PREFIX = "/page/"
"""Where the live page's own files are: its scripts and styles, and nothing of any series."""

_FOLLOWING = {"subscribe", "events"}
_MARKS = "marks"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class Kind(Enum):
    """How long an answer takes: that of a FOLLOW goes on for hours."""

    REQUEST = auto()
    PUBLISH = auto()
    FOLLOW = auto()


class Requirement(NamedTuple):
    """What a request asks for. scope: None where it is open. session: None for any, or for none."""

    scope: Scope | None
    session: str | None = None
    kind: Kind = Kind.REQUEST
    any_scope: bool = False
    """Whether any valid token will do: there is nothing at that path to guard."""


def requirement(method: str, path: str) -> Requirement:
    """What is asked for. path: decoded, as routes see it. method: GET for a WebSocket."""
    if path in OPEN_PATHS or _is_page_file(path):
        return Requirement(None)
    if path == "/metrics":
        return Requirement(Scope.METRICS)
    if path == PUBLISH_PATH:
        return Requirement(Scope.PUBLISH, kind=Kind.PUBLISH)
    if path == SESSIONS_PATH:
        return Requirement(Scope.SUBSCRIBE)
    if path.startswith(f"{SESSIONS_PATH}/"):
        return _of_session(method, path.removeprefix(f"{SESSIONS_PATH}/"))
    return Requirement(None, any_scope=True)


def is_safe(method: str) -> bool:
    """Whether the method changes nothing (RFC 9110, section 9.2.1)."""
    return method in _SAFE_METHODS


def _is_page_file(path: str) -> bool:
    """Whether it is one of the page's files; they lie in no folders."""
    name = path.removeprefix(PAGE_PREFIX)
    return path.startswith(PAGE_PREFIX) and "/" not in name and ".." not in name


def _of_session(method: str, rest: str) -> Requirement:
    """Of `SESSION` or `SESSION/...`. A name with a slash in it is matched by no route."""
    session, _, part = rest.partition("/")
    if method == "POST" and part == _MARKS:
        return Requirement(Scope.ANNOTATE, session)
    if not is_safe(method):
        return Requirement(Scope.ADMIN, session)
    kind = Kind.FOLLOW if part in _FOLLOWING else Kind.REQUEST
    return Requirement(Scope.SUBSCRIBE, session, kind)
