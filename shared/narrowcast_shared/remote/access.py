"""Access to a decoder: a token, and the certificates to trust. Secrets are never shown."""

import os
import ssl
from pathlib import Path
from typing import NamedTuple

from pydantic import SecretStr

from narrowcast_shared.errors import SettingsError, pointing_to
from narrowcast_shared.see import See
from narrowcast_shared.text_files import read_text

TOKEN_VARIABLE = "NARROWCAST_TOKEN"  # noqa: S105 - where one is
TOKEN_FILE_VARIABLE = "NARROWCAST_TOKEN_FILE"  # noqa: S105
CA_VARIABLE = "NARROWCAST_CA"

MAX_TOKEN_CHARS = 200


class Access(NamedTuple):
    """A token, where the decoder requires one; a PEM file of the only certificates to trust."""

    token: SecretStr | None = None
    ca: Path | None = None

    @property
    def headers(self) -> dict[str, str]:
        """The headers of a request: the only place where the secret is revealed."""
        if self.token is None:
            return {}
        return {"Authorization": f"Bearer {self.token.get_secret_value()}"}

    def tls_context(self) -> ssl.SSLContext:
        """TLS that checks the decoder's certificate. Raises SettingsError where `ca` holds none."""
        try:
            return ssl.create_default_context(cafile=self.ca)
        except (OSError, ssl.SSLError) as error:
            reason = getattr(error, "reason", None) or error.strerror or error
            raise SettingsError(
                f"{self.ca} holds no certificates ({reason})", "name a PEM file with --ca"
            ) from None


NO_ACCESS = Access()


@pointing_to(See.TOKENS)
def make_access(token: str | SecretStr | None = None, ca: str | Path | None = None) -> Access:
    """Access with these. Raises SettingsError where the token is not valid or `ca` is not a file,
    whether or not the URL uses TLS.
    """
    if isinstance(token, SecretStr):
        token = token.get_secret_value()
    return Access(None if token is None else _checked(token), None if ca is None else _there(ca))


@pointing_to(See.TOKENS)
def read_access(token: str | None, token_file: Path | None, ca: Path | None) -> Access:
    """Access from options of a command, or from the environment where no option is given.

    Raises SettingsError where both a token and a token file are given, or one is not valid.
    """
    if token is not None and token_file is not None:
        raise SettingsError("--token and --token-file both name a token", "give one")
    if token is None and token_file is None:
        token = os.environ.get(TOKEN_VARIABLE) or None
        if token is None and (named := os.environ.get(TOKEN_FILE_VARIABLE)):
            token_file = Path(named)
    if token_file is not None:
        token = _read(token_file)
    named_ca = os.environ.get(CA_VARIABLE)
    return make_access(token, ca or (Path(named_ca) if named_ca else None))


def _read(path: Path) -> str:
    try:
        text = read_text(path)
    except UnicodeError:
        raise SettingsError(
            f"{path} holds no token: it is no text in UTF-8 or UTF-16", "check --token-file"
        ) from None
    except OSError as error:
        raise SettingsError(
            f"the token in {path} cannot be read ({error.strerror})", "check --token-file"
        ) from None
    return text.strip()


def _there(ca: str | Path) -> Path:
    path = Path(ca)
    if path.is_dir() or not path.exists():
        raise SettingsError(
            f"there is no file {path} of certificates to trust",
            f"name a PEM file with --ca or {CA_VARIABLE}",
            see=See.TLS,
        )
    return path


def _checked(token: str) -> SecretStr:
    """The token, if a header can carry it; the error does not repeat the token."""
    make_one = "`narrowcast token` makes one, on one line"
    if not token:
        raise SettingsError("the token is empty", make_one)
    if len(token) > MAX_TOKEN_CHARS or not (token.isascii() and token.isprintable()):
        raise SettingsError(
            f"this is no token: one has up to {MAX_TOKEN_CHARS} ASCII characters on one line",
            make_one,
        )
    if " " in token:
        raise SettingsError("this is no token: there is a space in it", "give the secret alone")
    return SecretStr(token)
