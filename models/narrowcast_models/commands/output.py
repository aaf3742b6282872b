"""Files that commands write."""

from pathlib import Path

from narrowcast_shared.errors import SettingsError


def write(path: Path, text: str) -> None:
    """Write a text file. Raises SettingsError where that cannot be done."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"{path} cannot be written ({error.strerror})") from error
