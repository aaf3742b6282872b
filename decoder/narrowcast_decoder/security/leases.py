"""What a connection may do, for as long as its token is good."""

import asyncio
from collections.abc import Callable
from typing import Any

from narrowcast_decoder.security.scopes import EVERY_SESSION, Scope
from narrowcast_decoder.security.tokens import Token

KEY = "narrowcast.lease"
"""Where the gate leaves it in an ASGI scope."""


class Lease:
    """One connection's rights. `revoked` is set once it may not go on.

    token: None where the service has no tokens, and everybody may do everything.
    """

    def __init__(self, token: Token | None = None) -> None:
        self.token = token
        self.revoked = asyncio.Event()
        self._used: set[tuple[Scope, str | None]] = set()

    @property
    def name(self) -> str:
        """The token's, for logs."""
        return "nobody in particular" if self.token is None else self.token.name

    @property
    def is_of_every_session(self) -> bool:
        """Whether there is no session that it leaves out."""
        return self.token is None or EVERY_SESSION in self.token.sessions

    def allows(self, scope: Scope, session: str | None = None) -> bool:
        """Whether the connection may do this; None stands for some session."""
        return self.token is None or self.token.allows(scope, session)

    def use(self, scope: Scope, session: str | None) -> bool:
        """As `allows`; and from now on a token that no longer allows this revokes the lease."""
        if not self.allows(scope, session):
            return False
        self._used.add((scope, session))
        return True

    def renew(self, current: Callable[[bytes], Token | None]) -> None:
        """Look at the token again. current: the valid token of a digest, if there is one."""
        if self.token is None:
            return
        now = current(self.token.digest)
        if now is None or not all(now.allows(*used) for used in self._used):
            self.revoked.set()
        else:
            self.token = now


def lease_of(scope: Any) -> Lease:  # noqa: ANN401 - a scope is any mutable mapping
    """The lease of an ASGI connection; one of everything where no gate is before the service."""
    found = scope.get(KEY)
    return found if isinstance(found, Lease) else Lease()
