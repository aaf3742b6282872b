"""The file of a store as its owner holds it: one decoder at a time, and always the same file."""

import os
import sys
from pathlib import Path
from typing import NamedTuple, Self

from narrowcast_shared.errors import StoreError

if sys.platform != "win32":  # there, nothing keeps two decoders from one file
    import fcntl

_OWN_MODE = 0o644


class _Identity(NamedTuple):
    """What stays the same of a file while it is written, and not when another takes its name."""

    device: int
    inode: int


class StoreFile:
    """A hold on the store at `path`, until it is released or the process ends.

    It is a lock on a file beside it, `<name>.lock`, which is left behind: SQLite's own locks
    would be lost with any other handle on its file (https://sqlite.org/howtocorrupt.html, 2.2).
    """

    def __init__(self, path: Path, lock: int) -> None:
        self._path = path
        self._lock: int | None = lock
        self._identity: _Identity | None = None

    @classmethod
    def hold(cls, path: Path) -> Self:
        """Take hold; the folder is made if need be. Raises StoreError where another has it."""
        if path.is_dir():
            raise StoreError(f"the store {path} is a folder", "name a file in it")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            lock = os.open(lock_path(path), os.O_RDWR | os.O_CREAT, _OWN_MODE)
        except OSError as error:
            raise StoreError(
                f"there can be no folder {path.parent} for the store ({error.strerror})",
                "name a file in a folder that can be written",
            ) from error
        if not _locked(lock, shared=False):
            owner = os.pread(lock, 20, 0).decode(errors="replace").strip()
            os.close(lock)
            raise in_use(path, owner)
        os.truncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        return cls(path, lock)

    def opened(self) -> None:
        """The database is open: from now on it is this file and no other."""
        self._identity = _identity(self._path)

    def check(self) -> None:
        """Raises StoreError where the file is gone: what is written to it would be, too."""
        if _identity(self._path) != self._identity:
            raise StoreError(
                f"the store {self._path} was deleted or replaced while it was in use",
                "start the decoder again, with the file put back where it is still wanted",
            )

    def release(self) -> None:
        """Let go. Doing so twice is fine."""
        lock, self._lock = self._lock, None
        if lock is not None:
            os.close(lock)


def lock_path(path: Path) -> Path:
    """Where the lock of a store is."""
    return path.with_name(f"{path.name}.lock")


def is_held(path: Path) -> bool:
    """Whether a decoder holds the store at `path` now."""
    try:
        lock = os.open(lock_path(path), os.O_RDONLY)
    except OSError:
        return False
    try:
        return not _locked(lock, shared=True)
    finally:
        os.close(lock)


def in_use(path: Path, owner: str = "") -> StoreError:
    """The error of a file that a decoder holds."""
    process = f" (process {owner})" if owner else ""
    return StoreError(
        f"the store {path} is in use by another decoder{process}",
        "give this one another file with --store, or end that one",
    )


def _locked(lock: int, *, shared: bool) -> bool:
    """Whether the lock could be had; it goes with the file handle, at the latest on exit."""
    if sys.platform == "win32":
        return True
    try:
        fcntl.flock(lock, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _identity(path: Path) -> _Identity | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return _Identity(status.st_dev, status.st_ino)
