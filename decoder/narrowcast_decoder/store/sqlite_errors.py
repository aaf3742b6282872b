"""SQLite's errors as StoreErrors that say what to do."""

import sqlite3
from pathlib import Path

from narrowcast_decoder.store.interface import StoreBusyError
from narrowcast_shared.errors import StoreError

# By the start of SQLite's result code name (https://sqlite.org/rescode.html).
_PASSING = {
    "SQLITE_FULL": ("has no room left on its disk", "free some space, or move it"),
    "SQLITE_BUSY": ("is locked by another process", "let only one decoder write to it"),
    "SQLITE_LOCKED": ("is locked by another process", "let only one decoder write to it"),
}
_FAULTS = {
    "SQLITE_READONLY": ("cannot be written", "check its permissions and its folder's"),
    "SQLITE_PERM": ("may not be opened", "check its permissions and its folder's"),
    "SQLITE_CANTOPEN": ("cannot be opened", "name a file in a folder that can be written"),
    "SQLITE_NOTADB": ("is no SQLite database", "name another file, or move this one away"),
    "SQLITE_CORRUPT": ("is damaged", "move it away; `sqlite3 FILE .recover` may save its series"),
    "SQLITE_IOERR": ("cannot be read or written", "check its disk"),
}


def store_error(path: Path, error: sqlite3.Error | OverflowError) -> StoreError:
    """The StoreError that tells a user what SQLite's error means for the store at `path`."""
    name = getattr(error, "sqlite_errorname", None) or ""
    for start, (problem, remedy) in _PASSING.items():
        if name.startswith(start):
            return StoreBusyError(f"the store {path} {problem}", remedy)
    for start, (problem, remedy) in _FAULTS.items():
        if name.startswith(start):
            return StoreError(f"the store {path} {problem}", remedy)
    return StoreError(f"the store {path} failed ({error})")
