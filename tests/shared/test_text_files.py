"""Files as Windows' editors and shells leave them: what reads text reads these too."""

from pathlib import Path

import pytest

from narrowcast_decoder.security.token_file import add, entry_text, read_token_file
from narrowcast_decoder.security.tokens import Token, digest_of
from narrowcast_decoder.settings import read_settings
from narrowcast_models.data import delimited
from narrowcast_shared.errors import DataError, SettingsError
from narrowcast_shared.link import read_trace
from narrowcast_shared.remote.access import read_access

SECRET = "x" * 32
windows = pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])


def written(path: Path, text: str, encoding: str) -> Path:
    path.write_bytes(text.replace("\n", "\r\n").encode(encoding))
    return path


@windows
def test_a_token(tmp_path: Path, encoding: str) -> None:
    path = written(tmp_path / "a.token", f"{SECRET}\n", encoding)
    token = read_access(None, path, None).token
    assert token is not None
    assert token.get_secret_value() == SECRET


@windows
def test_tokens_and_one_more(tmp_path: Path, encoding: str) -> None:
    first, second = (
        Token(name, digest_of(name * 20), frozenset(), ("*",), None) for name in ("anna", "ben")
    )
    entry = entry_text(first).replace("scopes = []", 'scopes = ["subscribe"]')
    path = written(tmp_path / "tokens.toml", entry, encoding)
    assert read_token_file(path)
    add(path, second._replace(scopes=frozenset({"publish"})))
    text = path.read_text(encoding="utf-8")
    assert 'name = "anna"' in text
    assert 'name = "ben"' in text


@windows
def test_settings(tmp_path: Path, encoding: str) -> None:
    path = written(tmp_path / "narrowcast.toml", 'port = 9001\nmax_age = "2d"\n', encoding)
    assert read_settings(path).port == 9001


@windows
def test_a_trace(tmp_path: Path, encoding: str) -> None:
    path = written(tmp_path / "line.up", "5\n10\n", encoding)
    assert read_trace(path).mean_bps == 2_400_000


@windows
def test_a_table(tmp_path: Path, encoding: str) -> None:
    path = written(tmp_path / "labels.csv", "file;valence\na.png;-0,5\n", encoding)
    (row,) = delimited.read(path)
    assert (row.cells["file"], row.number("valence")) == ("a.png", -0.5)


def test_another_encoding_is_named(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes("Türen\n".encode("latin-1"))
    for read in (read_settings, read_trace, lambda path: read_access(None, path, None)):
        with pytest.raises(SettingsError, match=r"no text|no TOML|holds no token"):
            read(path)
    with pytest.raises(DataError, match="no text in UTF-8"):
        delimited.read(path)
