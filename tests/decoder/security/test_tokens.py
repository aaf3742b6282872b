"""Tokens: which one was presented, and how that is found out."""

import hmac

import pytest

from narrowcast_decoder.security import tokens
from narrowcast_decoder.security.scopes import Scope
from narrowcast_decoder.security.token_file import is_secret
from narrowcast_decoder.security.tokens import Token, TokenSet, digest_of, new_secret

NOW_S = 1_800_000_000.0
PUBLISH = frozenset({Scope.PUBLISH})


def token(name: str, secret: str, **more: object) -> Token:
    return Token(name, digest_of(secret), PUBLISH)._replace(**more)  # type: ignore[arg-type]


def test_a_secret_finds_its_token_and_no_other() -> None:
    found = TokenSet([token("a", "secret-a"), token("b", "secret-b")])
    assert found.of_secret("secret-b", NOW_S) == token("b", "secret-b")
    for wrong in ("", "secret-", "secret-bb", "SECRET-B", "secret-b ", "\udcff", "x" * 10_000):
        assert found.of_secret(wrong, NOW_S) is None


def test_every_digest_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also after one has matched: the time does not tell which, or whether one did."""
    compared = []
    truly = hmac.compare_digest

    def compare(a: bytes, b: bytes) -> bool:
        compared.append((a, b))
        return truly(a, b)

    monkeypatch.setattr(tokens.hmac, "compare_digest", compare)
    found = TokenSet(token(str(i), f"secret-{i}") for i in range(5))
    for secret in ("secret-0", "secret-4", "wrong"):
        compared.clear()
        found.of_secret(secret, NOW_S)
        assert len(compared) == 5


def test_a_token_expires() -> None:
    found = TokenSet([token("a", "secret", expires_s=NOW_S)])
    assert found.of_secret("secret", NOW_S - 0.001) is not None
    assert found.of_secret("secret", NOW_S) is None
    assert found.of_digest(digest_of("secret"), NOW_S) is None


def test_rights_are_of_sessions() -> None:
    clinic = token("a", "secret", sessions=("clinic-*",))
    assert clinic.allows(Scope.PUBLISH)
    assert clinic.allows(Scope.PUBLISH, "clinic-1")
    assert not clinic.allows(Scope.PUBLISH, "ward-1")
    assert not clinic.allows(Scope.SUBSCRIBE, "clinic-1")
    assert not clinic.allows(Scope.SUBSCRIBE)


def test_a_new_secret_is_one_and_never_the_same() -> None:
    made = {new_secret() for _ in range(100)}
    assert len(made) == 100
    assert all(is_secret(secret) and len(secret) > 40 for secret in made)


def test_a_token_shows_no_secret() -> None:
    assert "hidden" not in repr(token("a", "hidden-secret"))
