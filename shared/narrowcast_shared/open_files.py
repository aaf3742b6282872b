"""How many files and sockets this process, and its children, may hold open."""

import sys
from contextlib import suppress

ENOUGH = 65_536


def allow_many() -> None:
    """Raise the limit, mostly 1024, as far as the system lets anybody: a connection is one each."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - there is none on Windows

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = ENOUGH if hard == resource.RLIM_INFINITY else min(ENOUGH, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):  # some systems name a hard limit that they refuse
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
