"""`narrowcast token`: a new token, its secret told once."""

from datetime import UTC, datetime
from pathlib import Path

import click


def _expiry(text: str) -> datetime:
    """A click type: a time; UTC where it names no zone."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(
            f"{text!r} is no time; write 2027-01-31, or 2027-01-31T12:00:00"
        ) from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


@click.command()
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    type=click.Choice(["publish", "subscribe", "annotate", "admin", "metrics"]),
    multiple=True,
    required=True,
    help="What it may do: publish, subscribe (read), annotate (add marks), admin (delete, and "
    "both of these), metrics. May be repeated.",
)
@click.option(
    "--sessions",
    "patterns",
    multiple=True,
    default=("*",),
    show_default=True,
    metavar="PATTERN",
    help="Names of sessions, in which * stands for anything: 'clinic-*'. May be repeated.",
)
@click.option(
    "--expires",
    type=_expiry,
    metavar="T",
    help="Good until then, UTC: 2027-01-31, or 2027-01-31T12:00:00.",
)
@click.option(
    "--tokens",
    "file",
    type=click.Path(path_type=Path),
    envvar="NARROWCAST_TOKENS",
    metavar="FILE",
    help="Add it to this file of tokens, which `narrowcast serve --tokens` reads.",
)
def token(
    name: str,
    scopes: tuple[str, ...],
    patterns: tuple[str, ...],
    expires: datetime | None,
    file: Path | None,
) -> None:
    r"""Make a token, and tell its secret this once.

    \b
    Examples:
      narrowcast token cameras --scope publish --sessions 'clinic-*' --tokens tokens.toml
      narrowcast token grafana --scope metrics --tokens tokens.toml > grafana.token
      narrowcast token trial --scope subscribe --expires 2027-01-31

    The secret goes to standard output, and nowhere else. Without --tokens, the entry for the file
    is written to standard error. The file holds a digest of the secret, from which nobody finds
    it.
    """
    from narrowcast_decoder.security import token_file
    from narrowcast_decoder.security.scopes import Scope
    from narrowcast_decoder.security.tokens import Token, digest_of, new_secret

    secret = new_secret()
    expires_s = None if expires is None else expires.timestamp()
    made = Token(name, digest_of(secret), frozenset(map(Scope, scopes)), patterns, expires_s)
    entry = token_file.entry_text(made)
    token_file.parse_tokens(entry.encode(errors="replace"), "what was given")
    if file is None:
        click.echo(entry, err=True, nl=False)
    else:
        token_file.add(file, made)
        click.echo(f"narrowcast: {name} is added to {file}; its secret:", err=True)
    if expires is not None and expires <= datetime.now(UTC):
        click.echo(f"narrowcast: {expires:%Y-%m-%d} is over: the token lets nobody in", err=True)
    click.echo(secret)
