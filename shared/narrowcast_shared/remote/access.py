"""What opens a decoder's door: a token, and whose certificates to trust. Secrets stay covered."""

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
    """A token, where the decoder wants one; a file of certificates, PEM, to trust alone."""

    token: SecretStr | None = None
    ca: Path | None = None

    @property
    def headers(self) -> dict[str, str]:
        """What a request brings. A secret leaves its cover only here."""
        if self.token is None:
            return {}
        return {"Authorization": f"Bearer {self.token.get_secret_value()}"}

    def tls_context(self) -> ssl.SSLContext:
        """TLS that checks the decoder's certificate. Raises SettingsError where `ca` is none."""
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
    """Access by these. Raises SettingsError where the token cannot be one, or `ca` is no file,
    whether or not the URL will ask for certificates.
    """
    if isinstance(token, SecretStr):
        token = token.get_secret_value()
    return Access(None if token is None else _checked(token), None if ca is None else _there(ca))


@pointing_to(See.TOKENS)
def read_access(token: str | None, token_file: Path | None, ca: Path | None) -> Access:
    """Access by options of a command, or by the environment where none is given.

    Raises SettingsError where both a token and a file of one are named, or one is of no use.
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
    """What a header can carry; the complaint does not repeat it."""
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
