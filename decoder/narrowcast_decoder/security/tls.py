"""TLS by certificate and key."""

import ssl
from asyncio import constants
from pathlib import Path

from narrowcast_shared.errors import SettingsError, pointing_to
from narrowcast_shared.see import See


def limit_handshakes(seconds: float) -> None:
    """Give a peer so long for its handshake, in all of the process.

    asyncio's own is a minute, for which the connection has a place; uvicorn hands no other on.
    """
    constants.SSL_HANDSHAKE_TIMEOUT = seconds


@pointing_to(See.TLS)
def server_context(cert: Path, key: Path) -> ssl.SSLContext:
    """TLS 1.2 or newer with this certificate. Raises SettingsError where it cannot be used."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    for path, flag in ((cert, "--tls-cert"), (key, "--tls-key")):
        try:
            path.read_bytes()
        except OSError as error:
            raise SettingsError(
                f"{path} cannot be read ({error.strerror})", f"check {flag}"
            ) from None
    try:
        # A passphrase would be asked for on the terminal: a service has none.
        context.load_cert_chain(cert, key, password=lambda: "")
    except (ssl.SSLError, OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise SettingsError(
            f"{cert} and {key} are no certificate and its key ({reason})",
            "both are PEM, the key without a passphrase",
        ) from None
    return context
