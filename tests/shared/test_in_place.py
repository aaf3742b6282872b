"""Files that take their name when they are complete."""

from pathlib import Path

import pytest

from narrowcast_shared.errors import SettingsError
from narrowcast_shared.in_place import in_place


def test_what_is_complete_takes_its_name(tmp_path: Path) -> None:
    with in_place(tmp_path / "a.csv") as part:
        part.write_text("all")
        assert not (tmp_path / "a.csv").exists()
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a.csv", "all")]


def test_what_is_cut_short_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("before")

    def write() -> None:
        with in_place(tmp_path / "a.csv") as part:
            part.write_text("hal")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write()
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a.csv", "before")]


@pytest.mark.parametrize("out", [".", "/", "..", "no/such/folder/a.csv"])
def test_what_cannot_be_written_is_named(out: str) -> None:
    with (
        pytest.raises(SettingsError, match=r"is a folder|cannot be written"),
        in_place(Path(out)) as part,
    ):
        part.write_text("all")
