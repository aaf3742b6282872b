"""Files that take their name when they are complete, and are otherwise written as by any tool."""

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from narrowcast_shared.errors import SettingsError
from narrowcast_shared.in_place import in_place, is_stream

WRITE = """
import sys
from pathlib import Path
from narrowcast_shared.in_place import in_place
with in_place(Path(sys.argv[1])) as part:
    part.write_text("all")
"""


def write(out: Path, text: str = "all") -> None:
    with in_place(out) as part:
        part.write_text(text)


def held(folder: Path) -> list[tuple[str, str]]:
    return sorted((path.name, path.read_text()) for path in folder.iterdir())


def test_what_is_complete_takes_its_name(tmp_path: Path) -> None:
    with in_place(tmp_path / "a.csv") as part:
        part.write_text("all")
        assert not (tmp_path / "a.csv").exists()
    assert held(tmp_path) == [("a.csv", "all")]


def test_what_is_cut_short_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("before")

    def cut_short() -> None:
        with in_place(tmp_path / "a.csv") as part:
            part.write_text("hal")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        cut_short()
    assert held(tmp_path) == [("a.csv", "before")]


@pytest.mark.parametrize("out", [".", "/", "..", "no/such/folder/a.csv"])
def test_what_cannot_be_written_is_named(out: str) -> None:
    with pytest.raises(SettingsError, match=r"is a folder|cannot be written"):
        write(Path(out))


@pytest.mark.parametrize("is_there", [True, False])
def test_a_link_stays_and_its_target_is_written(tmp_path: Path, is_there: bool) -> None:
    target, link = tmp_path / "elsewhere" / "a.csv", tmp_path / "link.csv"
    target.parent.mkdir()
    link.symlink_to(Path("elsewhere/a.csv"))
    if is_there:
        target.write_text("before")
    write(link)
    assert link.is_symlink()
    assert held(target.parent) == [("a.csv", "all")]


def test_links_in_a_circle_are_named(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with pytest.raises(SettingsError, match="cannot be written"):
        write(tmp_path / "a")
    assert (tmp_path / "a").is_symlink()


def test_a_fifo_is_written_into(tmp_path: Path) -> None:
    fifo, got = tmp_path / "fifo", []
    os.mkfifo(fifo)
    reader = threading.Thread(target=lambda: got.append(fifo.read_text()), daemon=True)
    reader.start()
    assert is_stream(fifo)
    write(fifo)
    reader.join(60)
    assert got == ["all"]
    assert stat.S_ISFIFO(fifo.stat().st_mode)


def test_standard_output_is_written_to(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITE, "/dev/stdout"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.stdout, done.stderr) == ("all", "")
    with (tmp_path / "a.csv").open("w") as file:
        subprocess.run(command, stdout=file, check=True, timeout=60)
    assert held(tmp_path) == [("a.csv", "all")]


@pytest.mark.parametrize("length", [245, 255])
def test_a_long_name_is_a_name(tmp_path: Path, length: int) -> None:
    name = "x" * (length - 4) + ".csv"
    write(tmp_path / name)
    assert held(tmp_path) == [(name, "all")]


def test_permissions_stay_and_new_files_have_the_usual_ones(tmp_path: Path) -> None:
    old, new, usual = tmp_path / "old", tmp_path / "new", tmp_path / "usual"
    old.write_text("before")
    old.chmod(0o640)
    usual.touch()
    write(old)
    write(new)
    assert old.stat().st_mode & 0o777 == 0o640
    assert new.stat().st_mode == usual.stat().st_mode
