"""Tokens that change while the service runs."""

import logging
from pathlib import Path

import pytest

from narrowcast_decoder.security.keyring import Keyring
from narrowcast_decoder.security.leases import Lease, lease_of
from narrowcast_decoder.security.scopes import Scope
from narrowcast_decoder.security.tokens import Token, digest_of
from narrowcast_shared.clock import SystemClock

A, B = "secret-of-a-0123456789", "secret-of-b-0123456789"


class At(SystemClock):
    """A clock that is set by hand."""

    now_s = 1_000_000.0

    def unix_us(self) -> int:
        return round(self.now_s * 1e6)


def entry(name: str, secret: str, scopes: str = '["publish"]', more: str = "") -> str:
    return f'[[token]]\nname = "{name}"\nsecret = "{secret}"\nscopes = {scopes}\n{more}\n'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "tokens.toml"
    file.write_text(entry("a", A) + entry("b", B))
    return file


def leased(keyring: Keyring, secret: str) -> Lease:
    lease = keyring.lease(secret)
    assert lease is not None
    return lease


def test_a_token_that_is_taken_out_ends_its_leases_and_no_other(path: Path) -> None:
    keyring = Keyring([], path, At())
    a, b = leased(keyring, A), leased(keyring, B)
    path.write_text(entry("b", B) + "# without a\n")
    keyring.refresh()
    assert a.revoked.is_set()
    assert not b.revoked.is_set()
    assert keyring.lease(A) is None


def test_a_new_secret_is_good_at_once_beside_the_old_one(path: Path) -> None:
    keyring = Keyring([], path, At())
    a = leased(keyring, A)
    path.write_text(path.read_text() + entry("a2", "another-secret-012345"))
    keyring.refresh()
    assert keyring.lease("another-secret-012345") is not None
    assert not a.revoked.is_set()


@pytest.mark.parametrize("broken", ["[[token", '[[token]]\nname = "a"\n', None])
def test_a_file_that_is_broken_or_gone_changes_nothing_and_is_complained_of(
    path: Path, broken: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    keyring = Keyring([], path, At())
    a = leased(keyring, A)
    path.unlink()
    if broken is not None:
        path.write_text(broken)
    for _ in range(3):
        keyring.refresh()
    assert not a.revoked.is_set()
    assert keyring.lease(B) is not None
    (record,) = caplog.records  # once, not once a second
    assert record.levelno == logging.CRITICAL
    assert "the tokens stay as they were" in record.getMessage()
    path.write_text(entry("b", B))
    keyring.refresh()
    assert a.revoked.is_set()


def test_a_right_that_is_taken_away_ends_what_used_it(path: Path) -> None:
    keyring = Keyring([], path, At())
    used, unused = leased(keyring, A), leased(keyring, A)
    assert used.use(Scope.PUBLISH, "ward-1")
    assert not used.use(Scope.SUBSCRIBE, "ward-1")
    path.write_text(entry("a", A, more='sessions = ["clinic-*"]') + entry("b", B))
    keyring.refresh()
    assert used.revoked.is_set()
    assert not unused.revoked.is_set()
    assert not unused.allows(Scope.PUBLISH, "ward-1"), "new rights count for old connections"


def test_a_token_that_expires_ends_its_leases() -> None:
    clock = At()
    scopes = frozenset({Scope.PUBLISH})
    keyring = Keyring([Token("a", digest_of(A), scopes, expires_s=clock.now_s + 5)], None, clock)
    lease = leased(keyring, A)
    keyring.refresh()
    assert not lease.revoked.is_set()
    clock.now_s += 5
    keyring.refresh()
    assert lease.revoked.is_set()
    assert keyring.lease(A) is None


def test_without_any_tokens_all_is_open_but_an_emptied_file_is_shut(path: Path) -> None:
    assert Keyring([], None, At()).is_open
    keyring = Keyring([], path, At())
    path.write_text("")
    keyring.refresh()
    assert not keyring.is_open
    assert keyring.lease(A) is None


def test_leases_that_are_over_are_forgotten(path: Path) -> None:
    keyring = Keyring([], path, At())
    for _ in range(1000):
        keyring.lease(A)
    assert len(keyring._leases) <= 1


def test_without_a_gate_a_connection_may_do_everything() -> None:
    assert lease_of({}).use(Scope.ADMIN, "anna")
