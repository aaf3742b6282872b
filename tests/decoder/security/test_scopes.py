"""Which sessions a token is of."""

import fnmatch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from narrowcast_decoder.security.scopes import Scope, covers, includes, is_pattern

SESSIONS = st.from_regex(r"[ab.][ab._-]{0,8}", fullmatch=True)
PATTERNS = st.text("ab*.", min_size=1, max_size=8)


@given(SESSIONS, PATTERNS)
def test_a_star_stands_for_anything_and_nothing_else_is_special(session: str, pattern: str) -> None:
    """As the standard library has it, where that has no more than the star."""
    valid = session[0] != "."
    assert covers([pattern], session) == (valid and fnmatch.fnmatchcase(session, pattern))


@pytest.mark.parametrize(
    "session", ["", "a/b", "../a", "a\x00", "a%00", "ä", "a" * 65, "-a", "a b", "*", "a\n"]
)
def test_what_is_no_session_is_covered_by_nothing(session: str) -> None:
    assert not covers(["*", session], session)


def test_a_pattern_that_would_make_an_expression_backtrack_takes_no_time() -> None:
    assert not covers(["*a" * 31 + "b"], "a" * 64)


@pytest.mark.parametrize("pattern", ["*", "clinic-*", "*-a.b_c", "anna", "a**b"])
def test_patterns(pattern: str) -> None:
    assert is_pattern(pattern)


@pytest.mark.parametrize("pattern", ["", "a/b", "a?", "[ab]", "a b", "ä", "a" * 65, "a\n"])
def test_what_is_no_pattern(pattern: str) -> None:
    assert not is_pattern(pattern)


def test_who_may_delete_may_read_and_nobody_gets_more() -> None:
    assert includes({Scope.ADMIN}, Scope.SUBSCRIBE)
    pairs = [(a, b) for a in Scope for b in Scope if a is not b]
    assert [p for p in pairs if includes({p[0]}, p[1])] == [
        (Scope.ADMIN, Scope.SUBSCRIBE),
        (Scope.ADMIN, Scope.ANNOTATE),
    ]
