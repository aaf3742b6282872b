"""The file of tokens, TOML: one table `[[token]]` each. docs/operations.md has the format.

[[token]]
name = "clinic cameras"
sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
scopes = ["publish"]
sessions = ["clinic-*"]
expires = 2027-01-01T00:00:00Z
"""

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated, Any

import pydantic
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from narrowcast_decoder.security.scopes import EVERY_SESSION, Scope, is_pattern
from narrowcast_decoder.security.tokens import MAX_SECRET_CHARS, Token, TokenSet, digest_of
from narrowcast_shared.errors import SettingsError, pointing_to
from narrowcast_shared.in_place import in_place
from narrowcast_shared.nearest import did_you_mean
from narrowcast_shared.see import See
from narrowcast_shared.text_files import decode, read_text

MAX_FILE_BYTES = 1 << 20
MIN_SECRET_CHARS = 16
_DIGEST = r"^[0-9a-f]{64}$"
_SECRET = r"[A-Za-z0-9._~-]+"  # noqa: S105 - what one is made of: all that a subprotocol takes


def _pattern(text: str) -> str:
    if not is_pattern(text):
        raise ValueError(f"{text!r} is no session's name, in which * may stand for anything")
    return text


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("letters, digits, signs and spaces are wanted")
    return text


def is_secret(text: str) -> bool:
    """Whether this may be a token's secret: long enough, and of characters that headers take."""
    long_enough = MIN_SECRET_CHARS <= len(text) <= MAX_SECRET_CHARS
    return long_enough and re.fullmatch(_SECRET, text) is not None


def _secret(text: str) -> str:
    if not is_secret(text):
        raise ValueError(
            f"{MIN_SECRET_CHARS} to {MAX_SECRET_CHARS} letters, digits and . _ ~ - are wanted"
        )
    return text


Secret = Annotated[str, AfterValidator(_secret)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    name: Annotated[str, AfterValidator(_printable)] = Field(min_length=1, max_length=64)
    sha256: str | None = Field(None, pattern=_DIGEST)
    secret: Secret | None = None
    scopes: frozenset[Scope] = Field(min_length=1)
    sessions: tuple[Annotated[str, AfterValidator(_pattern)], ...] = Field(
        (EVERY_SESSION,), min_length=1
    )
    expires: datetime | date | None = None

    @pydantic.model_validator(mode="after")
    def _one_of_both(self) -> "_Entry":
        if (self.sha256 is None) == (self.secret is None):
            raise ValueError("give either sha256 or secret")
        return self

    def token(self) -> Token:
        digest = digest_of(self.secret) if self.secret else bytes.fromhex(self.sha256 or "")
        return Token(self.name, digest, self.scopes, self.sessions, _unix_s(self.expires))


@pointing_to(See.TOKENS)
def read_token_file(path: Path) -> TokenSet:
    """The tokens of the file. Raises SettingsError that names the entry, and no secret."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SettingsError(
            f"the tokens in {path} cannot be read ({error.strerror})",
            "check --tokens, and who may read the file",
        ) from None
    if len(data) > MAX_FILE_BYTES:
        raise SettingsError(f"{path} has over {MAX_FILE_BYTES} bytes", "is it a file of tokens?")
    return TokenSet(_unique(path, parse_tokens(data, str(path))))


def parse_tokens(data: bytes, source: str) -> list[Token]:
    """The tokens that a file's bytes hold. source: how to call it. Raises SettingsError."""
    try:
        document = tomllib.loads(decode(data).replace("\r\n", "\n"))
    except UnicodeError:
        raise SettingsError(
            f"{source} is no text in UTF-8 or UTF-16", "is it a file of tokens?"
        ) from None
    except (ValueError, RecursionError) as error:  # also a number or a nesting without end
        # The message quotes nothing but a key or a single character, at a line and a column.
        raise SettingsError(f"{source} is no TOML ({error})") from None
    if unknown := set(document) - {"token"}:
        key = min(unknown)
        raise SettingsError(f"{source} has an unknown key {key!r}{did_you_mean(key, ['token'])}")
    entries = document.get("token", [])
    if not isinstance(entries, list):
        raise SettingsError(f"{source} has one table [token]", "write [[token]], in two brackets")
    return [_entry(entry, source, number) for number, entry in enumerate(entries, 1)]


def entry_text(token: Token) -> str:
    """The token as a table of the file. Its secret is not in it."""
    lines = [
        "[[token]]",
        f"name = {json.dumps(token.name, ensure_ascii=False)}",
        f'sha256 = "{token.digest.hex()}"',
        f"scopes = {json.dumps(sorted(token.scopes))}",
        f"sessions = {json.dumps(list(token.sessions))}",
    ]
    if token.expires_s is not None:
        expires = datetime.fromtimestamp(token.expires_s, UTC)
        lines.append(f"expires = {expires.isoformat(timespec='seconds')}")
    return "\n".join(lines) + "\n"


def add(path: Path, token: Token) -> None:
    """Add the token to the file, or begin one that its owner alone may read.

    The file changes at once: a service that reads it sees the old one or the new one. Raises
    SettingsError where the entry, or the file with it, would be none.
    """
    before = ""
    if path.exists():
        read_token_file(path)
        before = read_text(path).rstrip() + "\n\n"
    data = f"{before}{entry_text(token)}".encode()
    _unique(path, parse_tokens(data, str(path)))
    with in_place(path, new_mode=0o600) as part:
        part.write_bytes(data)


def secret_token(secret: str, scopes: Iterable[Scope]) -> Token:
    """The token of a secret that settings hold: these rights, every session."""
    held = sorted(scopes)
    return Token(f"{', '.join(held)} of the settings", digest_of(secret), frozenset(held))


def _entry(entry: Mapping[str, Any], source: str, number: int) -> Token:
    name = entry.get("name", f"number {number}") if isinstance(entry, dict) else f"number {number}"
    try:
        return _Entry.model_validate(entry).token()
    except pydantic.ValidationError as error:
        faults = error.errors(include_input=False, include_url=False, include_context=False)
        # A key that is misspelt is missing as well: the cause goes first.
        fault = next((f for f in faults if f["type"] == "extra_forbidden"), faults[0])
        key = ".".join(map(str, fault["loc"]))
        hint = did_you_mean(key, _Entry.model_fields) if fault["type"] == "extra_forbidden" else ""
        told = fault["msg"].removeprefix("Value error, ")
        raise SettingsError(
            f"{source}, token {name!r}: {': '.join(filter(None, (key, told)))}{hint}"
        ) from None


def _unique(path: Path, tokens: list[Token]) -> list[Token]:
    """A name says in a log whose token it was, and two tokens of one secret say two things."""
    for what, keys in (("name", [t.name for t in tokens]), ("secret", [t.digest for t in tokens])):
        for number, key in enumerate(keys):
            if key in keys[:number]:
                raise SettingsError(f"{path} has two tokens of one {what}: {tokens[number].name!r}")
    return tokens


def _unix_s(expires: date | None) -> float | None:
    """A day stands for its first moment; what has no offset is UTC."""
    if expires is None:
        return None
    if not isinstance(expires, datetime):
        expires = datetime.combine(expires, time.min)
    if expires.tzinfo is None:
        expires = expires.replace(tzinfo=UTC)
    return expires.timestamp()
