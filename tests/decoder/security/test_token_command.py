"""`narrowcast token`: the secret is told once, and the file holds none."""

from pathlib import Path

from click.testing import CliRunner, Result

from narrowcast_decoder.commands.token import token
from narrowcast_decoder.security.scopes import Scope
from narrowcast_decoder.security.token_file import parse_tokens, read_token_file

NOW_S = 1_750_000_000.0


def call(*arguments: str) -> Result:
    return CliRunner().invoke(token, arguments)


def test_a_token_is_added_to_the_file_and_its_secret_is_on_a_line_of_its_own(
    tmp_path: Path,
) -> None:
    path = tmp_path / "tokens.toml"
    made = call("cams", "--scope", "publish", "--sessions", "clinic-*", "--tokens", str(path))
    assert made.exit_code == 0
    secret = made.stdout.strip()
    assert secret.startswith("nct_")
    assert secret not in path.read_text()
    assert secret not in made.stderr
    found = read_token_file(path).of_secret(secret, NOW_S)
    assert found is not None
    assert (found.name, found.scopes, found.sessions) == ("cams", {Scope.PUBLISH}, ("clinic-*",))


def test_without_a_file_the_entry_is_shown(tmp_path: Path) -> None:
    made = call("all", "--scope", "admin", "--scope", "publish", "--expires", "2099-01-31")
    (shown,) = parse_tokens(made.stderr.encode(), "what was shown")
    assert shown.scopes == {Scope.ADMIN, Scope.PUBLISH}
    assert shown.expires_s == 4_073_500_800
    assert list(tmp_path.iterdir()) == []


def test_a_time_that_is_over_or_none_is_told(tmp_path: Path) -> None:
    tokens = str(tmp_path / "tokens.toml")
    over = call("all", "--scope", "admin", "--expires", "2020-01-31", "--tokens", tokens)
    assert "narrowcast: 2020-01-31 is over: the token lets nobody in" in over.stderr
    none = call("all", "--scope", "admin", "--expires", "soon")
    assert (none.exit_code, none.stdout) == (2, "")
    assert "'soon' is no time; write 2027-01-31" in none.stderr
