"""Tokens: what is known of each, and which of them was presented. Pure: time is an argument."""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from typing import NamedTuple

from narrowcast_decoder.security.scopes import EVERY_SESSION, Scope, covers, includes

PREFIX = "nct_"
"""Beginning of the secrets that we make, so that scanners of leaked secrets can know them."""

SECRET_BYTES = 32

MAX_SECRET_CHARS = 200
"""What is longer is no token, and is not hashed to find that out."""


class Token(NamedTuple):
    """One token, without its secret. name: for people and logs. expires_s: Unix time, or None."""

    name: str
    digest: bytes
    scopes: frozenset[Scope]
    sessions: tuple[str, ...] = (EVERY_SESSION,)
    expires_s: float | None = None

    def allows(self, scope: Scope, session: str | None = None) -> bool:
        """Whether it has the right, of this session; of any one where that is not known yet."""
        if not includes(self.scopes, scope):
            return False
        return session is None or scope is Scope.METRICS or covers(self.sessions, session)

    def is_valid_at(self, now_s: float) -> bool:
        """Whether it has not expired. now_s: Unix time."""
        return self.expires_s is None or now_s < self.expires_s


class TokenSet:
    """Tokens by digest."""

    def __init__(self, tokens: Iterable[Token] = ()) -> None:
        self._tokens = {token.digest: token for token in tokens}

    def __len__(self) -> int:
        return len(self._tokens)

    def of_secret(self, secret: str, now_s: float) -> Token | None:
        """The valid token of this secret.

        Digests are compared in constant time, every one of them: the answer's time tells neither
        how much of a guess was right nor which token it was near.
        """
        if len(secret) > MAX_SECRET_CHARS:
            return None
        presented, found = digest_of(secret), None
        for digest, token in self._tokens.items():
            if hmac.compare_digest(digest, presented):
                found = token
        return found if found is not None and found.is_valid_at(now_s) else None

    def of_digest(self, digest: bytes, now_s: float) -> Token | None:
        """The valid token of this digest, which is no secret."""
        found = self._tokens.get(digest)
        return found if found is not None and found.is_valid_at(now_s) else None


def digest_of(secret: str) -> bytes:
    """SHA-256 of a secret. Ours have 256 random bits: a slow hash would protect nothing."""
    return hashlib.sha256(secret.encode(errors="surrogatepass")).digest()


def new_secret() -> str:
    """A secret that nobody can guess; letters, digits, `-` and `_` alone."""
    return PREFIX + secrets.token_urlsafe(SECRET_BYTES)
