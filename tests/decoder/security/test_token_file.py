"""The file of tokens: what it may say, and what is said of a wrong one."""

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from narrowcast_decoder.security import token_file
from narrowcast_decoder.security.scopes import Scope
from narrowcast_decoder.security.tokens import Token, digest_of
from narrowcast_shared.errors import SettingsError

SECRET = "a-secret-of-24-characters"
DIGEST = digest_of(SECRET).hex()
RIGHT = f'[[token]]\nname = "a"\nsha256 = "{DIGEST}"\nscopes = ["publish"]\n'


def parse(text: str) -> list[Token]:
    return token_file.parse_tokens(text.encode(), "tokens.toml")


def test_the_example_of_the_docstring_is_one() -> None:
    doc = token_file.__doc__ or ""
    (token,) = parse(doc.partition("\n\n")[2])
    assert token.name == "clinic cameras"
    assert token.sessions == ("clinic-*",)
    assert token.expires_s == 1_798_761_600


def test_a_digest_and_its_secret_say_the_same() -> None:
    assert parse(RIGHT) == parse(RIGHT.replace(f'sha256 = "{DIGEST}"', f'secret = "{SECRET}"'))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("scopes", "scope"), "scope: Extra inputs are not permitted, did you mean 'scopes'?"),
        (
            ('"publish"', '"publsh"'),
            "Input should be 'publish', 'subscribe', 'annotate', 'admin' or 'metrics'",
        ),
        ((DIGEST, DIGEST[:-1]), "sha256"),
        ((f'sha256 = "{DIGEST}"', 'secret = "tooshort"'), "16 to 200 letters"),
        ((f'sha256 = "{DIGEST}"', 'secret = "with a space and, a comma"'), "16 to 200 letters"),
        (('["publish"]', '["publish"]\nsessions = ["a/b"]'), "'a/b' is no session's name"),
        (('["publish"]', "[]"), "scopes"),
        (('["publish"]', '["publish"]\nexpires = "soon"'), "expires"),
        (("[[token]]", "[token]"), "in two brackets"),
        (("[[token]]", "[[tokens]]"), "unknown key 'tokens', did you mean 'token'?"),
        (("[[token]]", "[[token"), "is no TOML"),
        (('["publish"]', f'["publish"]\nexpires = {"1" * 5000}'), "is no TOML"),
        (("[[token]]", f"token = {'[' * 3000}"), "is no TOML"),
        (('name = "a"', 'name = ""'), "name"),
    ],
)
def test_a_wrong_one_is_named_and_no_secret_with_it(change: tuple[str, str], told: str) -> None:
    with pytest.raises(SettingsError) as raised:
        parse(RIGHT.replace(*change))
    said = str(raised.value)
    assert "tokens.toml" in said
    assert told in said
    for secret in (SECRET, "tooshort", "a comma"):
        assert secret not in said


def test_a_digest_and_a_secret_are_one_too_many() -> None:
    with pytest.raises(SettingsError, match="give either sha256 or secret") as raised:
        parse(RIGHT + f'secret = "{SECRET}"\n')
    assert SECRET not in str(raised.value)


def test_two_of_one_name_or_one_secret_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "tokens.toml"
    for second, what in ((RIGHT, "name"), (RIGHT.replace('"a"', '"b"'), "secret")):
        path.write_text(RIGHT + second)
        with pytest.raises(SettingsError, match=f"two tokens of one {what}"):
            token_file.read_token_file(path)


def test_one_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none\.toml cannot be read"):
        token_file.read_token_file(tmp_path / "none.toml")
    big = tmp_path / "big.toml"
    big.write_bytes(b"#" * (token_file.MAX_FILE_BYTES + 1))
    with pytest.raises(SettingsError, match="bytes"):
        token_file.read_token_file(big)


@given(
    st.text(min_size=1, max_size=64).filter(lambda name: name.isprintable()),
    st.frozensets(st.sampled_from(Scope), min_size=1),
    st.lists(st.from_regex(r"[a-z*.-]{1,20}", fullmatch=True), min_size=1, max_size=4),
    st.none() | st.integers(0, 2**32),
)
def test_what_is_written_is_read(
    name: str, scopes: frozenset[Scope], sessions: list[str], expires_s: int | None
) -> None:
    token = Token(name, digest_of(name), scopes, tuple(sessions), expires_s)
    assert parse(token_file.entry_text(token)) == [token]


def test_adding_keeps_what_was_there_and_the_owner_alone_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "tokens.toml"
    first, second = (Token(n, digest_of(n), frozenset({Scope.ADMIN})) for n in "ab")
    token_file.add(path, first)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.write_text("# mine\n" + path.read_text())
    token_file.add(path, second)
    assert path.read_text().startswith("# mine\n")
    assert len(token_file.read_token_file(path)) == 2
    with pytest.raises(SettingsError, match="two tokens"):
        token_file.add(path, second)
    assert [file.name for file in tmp_path.iterdir()] == ["tokens.toml"]
