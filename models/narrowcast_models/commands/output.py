"""Files that commands write."""

from pathlib import Path

from narrowcast_shared.errors import SettingsError


def check(*paths: Path | None) -> None:
    """Before long work whose figures go there. Raises SettingsError where a folder is missing."""
    for path in paths:
        if path is not None and not path.parent.is_dir():
            raise SettingsError(f"{path} cannot be written (no such folder)", "make the folder")


def make_folder(folder: Path) -> None:
    """With those above it, where it is not there. Raises SettingsError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            f"the folder {folder} cannot be made ({error.strerror})", "name another one"
        ) from error


def write(path: Path, text: str) -> None:
    """Write a text file. Raises SettingsError where that cannot be done."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"{path} cannot be written ({error.strerror})") from error
