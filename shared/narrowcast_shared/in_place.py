"""Files that take their name when they are complete: nothing that was cut short looks whole.

What is written goes to a file beside the one that is named, which it replaces at the end. That is
the only difference from a tool that opens the file and writes: a symbolic link stays, and what it
leads to is replaced; a file that is there keeps its permissions; a FIFO, a device and what
/dev/stdout is are written to as they are. So is a file in a folder that takes no new one, or one
that nothing can be renamed to, as the only file of a container's volume: there it is not all or
nothing.
"""

import errno
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from narrowcast_shared.errors import SettingsError

_STREAMS = ("/dev/", "/proc/")
"""Where the names of open files are; what they are open to may be a regular file."""

_NEW_MODE = 0o666  # less the umask, as of any new file


def is_stream(out: Path) -> bool:
    """Whether it is there and is no file whose content can be replaced, and no folder: a FIFO, a
    device, /dev/stdout. Such a name has no ending to tell the format by.
    """
    try:
        kind = out.stat().st_mode
    except OSError:
        return False
    named_as_one = str(Path(os.path.abspath(out))).startswith(_STREAMS)  # noqa: PTH100 - follows no link
    return not stat.S_ISDIR(kind) and (named_as_one or not stat.S_ISREG(kind))


@contextmanager
def in_place(out: Path, new_mode: int = _NEW_MODE) -> Iterator[Path]:
    """A path beside `out`, which takes its place at the end, or goes where that fails.

    new_mode: permissions of a file that is not there yet, less the umask.

    Raises SettingsError where it cannot be written, or is no file's name; BrokenPipeError where
    the reader of a FIFO has gone.
    """
    try:
        if not out.name or out.is_dir():
            raise SettingsError(f"{out} is a folder", "name a file")
        if is_stream(out):
            yield out
            return
        target = _target(out)
        if target.exists() and not os.access(target.parent, os.W_OK):
            yield target
            return
        with _beside(target, new_mode) as part:
            yield part
            _replace(target, part)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise SettingsError(
            f"{out} cannot be written ({error.strerror})", "name another file"
        ) from error


def _target(out: Path) -> Path:
    """What is replaced: of a link what it leads to, whether or not that is there yet."""
    target = Path(os.path.realpath(out))
    if target.is_symlink():  # what a circle of links comes to
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    return target


@contextmanager
def _beside(target: Path, new_mode: int) -> Iterator[Path]:
    """An empty file in the same folder, whose name is short whatever the target's is."""
    part = target.with_name(f".{os.getpid()}-{secrets.token_hex(4)}.part")
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, new_mode))
    try:
        if target.exists():
            shutil.copymode(target, part)
        yield part
    finally:
        part.unlink(missing_ok=True)


def _replace(target: Path, part: Path) -> None:
    try:
        part.replace(target)
    except OSError:
        if not target.exists():
            raise
        shutil.copyfile(part, target)
