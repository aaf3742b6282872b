"""The parts put together, as the settings ask for; refused where that would leave a door open."""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from narrowcast_decoder.security.addresses import is_loopback
from narrowcast_decoder.security.admission import Admission, Surroundings
from narrowcast_decoder.security.gate import Gate
from narrowcast_decoder.security.keyring import Keyring
from narrowcast_decoder.security.limits import Limits
from narrowcast_decoder.security.listener import Doorkeeper
from narrowcast_decoder.security.settings import SecuritySettings
from narrowcast_decoder.security.tls import limit_handshakes, server_context
from narrowcast_shared.clock import Clock
from narrowcast_shared.errors import SettingsError, pointing_to
from narrowcast_shared.see import See

logger = logging.getLogger(__name__)

_HEADERS = ["Authorization", "Content-Type", "Last-Event-ID"]
_CORS_AGE_S = 600


@dataclass(frozen=True)
class Security:
    """What stands between the network and the service."""

    keyring: Keyring
    limits: Limits
    surroundings: Surroundings
    door: Doorkeeper
    tls: ssl.SSLContext | None
    clock: Clock

    def guarded(self, app: ASGIApp) -> ASGIApp:
        """The application behind its gate. Pages of other origins may read what it answers only
        where these are allowed.
        """
        gate = Gate(app, Admission(self.keyring, self.limits, self.surroundings), self.clock)
        if not self.surroundings.allowed_origins:
            return gate
        return CORSMiddleware(
            gate,
            allow_origins=sorted(self.surroundings.allowed_origins),
            allow_methods=["GET", "POST", "DELETE"],
            allow_headers=_HEADERS,
            max_age=_CORS_AGE_S,
        )

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """The file of tokens is looked at meanwhile."""
        task = asyncio.create_task(self.keyring.run())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


def assemble(settings: SecuritySettings, host: str, clock: Clock) -> Security:
    """What the settings ask for, of a service that listens on `host`. Raises SettingsError."""
    keyring = Keyring(settings.fixed_tokens, settings.tokens, clock)
    loopback = is_loopback(host)
    tls = None
    if settings.tls_cert is not None and settings.tls_key is not None:
        tls = server_context(settings.tls_cert, settings.tls_key)
        limit_handshakes(settings.max_request_s)
    _check_exposure(settings, keyring, host, encrypted=tls is not None)
    surroundings = Surroundings(
        loopback=loopback,
        by_address=not loopback or bool(settings.proxies),
        allowed_origins=frozenset(settings.allow_origin),
        allowed_hosts=frozenset(settings.allow_host),
        proxies=settings.proxies,
    )
    limits = settings.admission
    # On loopback all peers are this machine's, and its user's: there, no address is a stranger's.
    door = Doorkeeper(limits, by_address=not loopback, proxies=settings.proxies)
    return Security(keyring, limits, surroundings, door, tls, clock)


@pointing_to(See.ACCESS)
def _check_exposure(
    settings: SecuritySettings, keyring: Keyring, host: str, *, encrypted: bool
) -> None:
    if is_loopback(host):
        return
    if not keyring.is_open:
        if not encrypted:
            logger.warning(
                "tokens and series pass %s unencrypted: give --tls-cert and --tls-key, or let a "
                "proxy in front speak TLS",
                host,
            )
        return
    if not settings.open_to_everyone:
        raise SettingsError(
            f"on {host} and without tokens, everybody who reaches this port could publish, read "
            "and delete",
            "give --tokens FILE (`narrowcast token` makes one), or say --open-to-everyone",
        )
    logger.warning("everybody who reaches %s may publish, read and delete", host)
