"""Which code made the weights."""

import subprocess
from pathlib import Path

UNKNOWN = "unknown"


def git_revision(file: Path = Path(__file__)) -> str:
    """Revision of the checkout that tracks `file`, with `-dirty` where it was changed since.

    `unknown` where no checkout tracks it: an installed package may well lie in somebody
    else's repository.
    """
    if _git("ls-files", "--error-unmatch", file.name, folder=file.parent) is None:
        return UNKNOWN
    revision = _git("rev-parse", "HEAD", folder=file.parent)
    if revision is None:
        return UNKNOWN
    changed = _git("status", "--porcelain", "--untracked-files=no", folder=file.parent)
    return f"{revision}-dirty" if changed else revision


def _git(*arguments: str, folder: Path) -> str | None:
    """What git printed, or None where it is not there or refuses."""
    try:
        done = subprocess.run(  # noqa: S603 - the arguments are the literals above
            ["git", *arguments],  # noqa: S607 - the user's own git, wherever it is
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()
