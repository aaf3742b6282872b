"""The settings of who may do what, and how much of it."""

from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings

from narrowcast_decoder.security import addresses, origins
from narrowcast_decoder.security.limits import Limits
from narrowcast_decoder.security.scopes import Scope
from narrowcast_decoder.security.token_file import MIN_SECRET_CHARS, is_secret, secret_token
from narrowcast_decoder.security.tokens import MAX_SECRET_CHARS, Token
from narrowcast_decoder.setting_types import Count, Duration, Names

ANY_ORIGIN = "*"


def _origins(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name if name == ANY_ORIGIN else origins.normal_origin(name) for name in names)


def _hosts(names: tuple[str, ...]) -> tuple[str, ...]:
    hosts = []
    for name in names:
        host = origins.host_of(name)
        if host is None or host != name.strip("[]").lower().rstrip("."):
            raise ValueError(f"{name!r} is no name of a host: write it without a port")
        hosts.append(host)
    return tuple(hosts)


def _networks(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(str(addresses.parse_network(name)) for name in names)


def _strong(secret: SecretStr) -> SecretStr:
    if not is_secret(secret.get_secret_value()):
        raise ValueError(
            f"a token has {MIN_SECRET_CHARS} to {MAX_SECRET_CHARS} letters, digits and . _ ~ - : "
            "`narrowcast token` makes one"
        )
    return secret


Secret = Annotated[SecretStr, AfterValidator(_strong)]
Rate = Annotated[float, Field(gt=0, le=1_000_000)]
_DEFAULTS = Limits()


class SecuritySettings(BaseSettings):
    """Who may do what. Secrets have no flags: everybody on a machine may read those."""

    tokens: Path | None = Field(None, description="File of tokens.")
    publish_token: Secret | None = Field(None, description="Token that may publish anything.")
    subscribe_token: Secret | None = Field(None, description="Token that may read everything.")
    annotate_token: Secret | None = Field(None, description="Token that may mark anything.")
    admin_token: Secret | None = Field(None, description="Token that may delete anything.")
    metrics_token: Secret | None = Field(None, description="Token that may read the metrics.")
    open_to_everyone: bool = Field(
        False, description="Whether to listen beyond this machine without tokens."
    )
    tls_cert: Path | None = Field(None, description="Certificate chain, PEM.")
    tls_key: Path | None = Field(None, description="Its key, PEM, without a passphrase.")
    allow_origin: Annotated[Names, AfterValidator(_origins)] = Field(
        (), description="Other origins whose pages may use the service."
    )
    allow_host: Annotated[Names, AfterValidator(_hosts)] = Field(
        (), description="Names that the service is called by."
    )
    trusted_proxy: Annotated[Names, AfterValidator(_networks)] = Field(
        (), description="Addresses of proxies whose X-Forwarded-For is believed."
    )
    max_connections: Count = Field(_DEFAULTS.connections, description="Connections in all.")
    max_connections_per_address: Count = Field(
        _DEFAULTS.connections_per_address, description="Connections of an address."
    )
    max_new_connections_per_s: Rate = Field(
        _DEFAULTS.new_connections_per_s, description="New connections of an address, a second."
    )
    max_requests_per_s: Rate = Field(
        _DEFAULTS.requests_per_s, description="Requests of an address, a second."
    )
    max_token_requests_per_s: Rate = Field(
        _DEFAULTS.token_requests_per_s, description="Requests of a token, a second."
    )
    max_sessions: Count = Field(_DEFAULTS.sessions, description="Sessions published at a time.")
    max_subscribers: Count = Field(_DEFAULTS.subscribers, description="Subscribers in all.")
    max_subscribers_per_session: Count = Field(
        _DEFAULTS.subscribers_per_session, description="Subscribers of a session."
    )
    max_publish_bytes_per_s: Count = Field(
        _DEFAULTS.publish_bytes_per_s, description="Bytes of a publisher, a second; more wait."
    )
    max_request_s: Duration = Field(_DEFAULTS.request_s, description="Until a request has come, s.")
    max_body_bytes: Count = Field(_DEFAULTS.body_bytes, description="Bytes of a request's body.")

    @model_validator(mode="after")
    def _both_of_tls(self) -> Self:
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError("tls_cert and tls_key belong together")
        return self

    @property
    def admission(self) -> Limits:
        """How much is let in."""
        return Limits(**{name: getattr(self, f"max_{name}") for name in Limits._fields})

    @property
    def proxies(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """Networks of the trusted proxies."""
        return tuple(map(addresses.parse_network, self.trusted_proxy))

    @property
    def fixed_tokens(self) -> list[Token]:
        """Those that are settings themselves; one secret may be given for several rights."""
        scopes: dict[str, list[Scope]] = {}
        for scope in Scope:
            secret: SecretStr | None = getattr(self, f"{scope}_token")
            if secret is not None:
                scopes.setdefault(secret.get_secret_value(), []).append(scope)
        return [secret_token(secret, held) for secret, held in scopes.items()]
