"""Files that take their name when they are complete: nothing that was cut short looks whole."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from narrowcast_shared.errors import SettingsError


@contextmanager
def in_place(out: Path) -> Iterator[Path]:
    """A path beside `out`, which takes its place at the end, or goes where that fails.

    Raises SettingsError where it cannot be written, or is no file's name.
    """
    if not out.name:
        raise SettingsError(f"{out} is a folder", "name a file")
    part = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        yield part
        part.replace(out)
    except OSError as error:
        raise SettingsError(
            f"{out} cannot be written ({error.strerror})", "name another file"
        ) from error
    finally:
        part.unlink(missing_ok=True)
