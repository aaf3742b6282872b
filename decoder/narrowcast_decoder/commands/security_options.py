"""Options of `narrowcast serve` on who may do what, and how much of it."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., object])

_FILE = click.Path(path_type=Path)

ACCESS = (
    click.option(
        "--tokens",
        type=_FILE,
        metavar="FILE",
        help="File of tokens, read again when it changes; `narrowcast token` adds to it.",
    ),
    click.option(
        "--open-to-everyone",
        is_flag=True,
        default=None,
        help="Listen beyond this machine without tokens.",
    ),
    click.option("--tls-cert", type=_FILE, metavar="FILE", help="Certificate chain, PEM: use TLS."),
    click.option("--tls-key", type=_FILE, metavar="FILE", help="Its key, PEM."),
    click.option(
        "--allow-origin",
        multiple=True,
        metavar="ORIGIN",
        help="Let pages of this origin in: https://NAME. May be repeated.",
    ),
    click.option(
        "--allow-host",
        multiple=True,
        metavar="NAME",
        help="A name that the service is called by, behind a proxy. May be repeated.",
    ),
    click.option(
        "--trusted-proxy",
        multiple=True,
        metavar="NETWORK",
        help="Believe the X-Forwarded-For of this address, or network. May be repeated.",
    ),
)

LIMITS = {
    "max_connections": "Connections in all; 4096 by default.",
    "max_connections_per_address": "Connections of an address; 256 by default.",
    "max_new_connections_per_s": "New connections of an address, a second; 50 by default.",
    "max_requests_per_s": "Requests of an address, a second; 50 by default.",
    "max_token_requests_per_s": "Requests of a token, a second; 200 by default.",
    "max_sessions": "Sessions published at a time; 1024 by default.",
    "max_subscribers": "Subscribers in all; 3000 by default.",
    "max_subscribers_per_session": "Subscribers of a session; 2000 by default.",
    "max_publish_bytes_per_s": "Bytes of a publisher, a second, more wait; 2M by default.",
    "max_request_s": "Time until a request has come; 10s by default.",
    "max_body_bytes": "Bytes of a request's body; 16384 by default.",
}

SPANS = {"max_request_s"}
"""Those of the limits that are spans of time."""


def security_options() -> Callable[[Command], Command]:
    """All of them, named as the settings are."""

    def add(command: Command) -> Command:
        limits = [
            click.option(
                f"--{name.replace('_', '-')}", metavar="TIME" if name in SPANS else "N", help=text
            )
            for name, text in LIMITS.items()
        ]
        for option in reversed((*ACCESS, *limits)):
            command = option(command)
        return command

    return add
