"""Where a report goes: whole or not at all, and never over what is no report."""

from pathlib import Path

from narrowcast_shared.errors import SettingsError
from narrowcast_shared.in_place import in_place, is_stream

SUFFIXES = (".html", ".htm")

_SIGN = b'<meta name="generator" content="narrowcast report">'
_HEAD_BYTES = 1024


def check_out(out: Path) -> None:
    """Raises SettingsError where `out` is not to be written: no HTML, or another's file."""
    if is_stream(out):
        return
    if out.suffix.lower() not in SUFFIXES:
        raise SettingsError(f"{out} would be no HTML page", "end --out in .html")
    if not out.parent.is_dir():
        raise SettingsError(f"there is no folder {out.parent}", "make it, or name another --out")
    if out.exists() and not _is_report(out):
        raise SettingsError(
            f"{out} is there and is no narrowcast report", "name another file with --out"
        )


def write_report(page: str, out: Path) -> None:
    """Write the page. Raises SettingsError where that fails."""
    with in_place(out) as part:
        part.write_text(page, encoding="utf-8")


def _is_report(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return _SIGN in file.read(_HEAD_BYTES)
    except OSError:
        return False
