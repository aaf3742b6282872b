"""The tokens as they are now: read again when their file changes, without a restart."""

import asyncio
import logging
import os
import weakref
from collections.abc import Sequence
from pathlib import Path

from narrowcast_decoder.security.leases import Lease
from narrowcast_decoder.security.token_file import read_token_file
from narrowcast_decoder.security.tokens import Token, TokenSet
from narrowcast_shared.clock import Clock
from narrowcast_shared.errors import SettingsError

logger = logging.getLogger(__name__)

CHECK_S = 1.0
"""How often the file is looked at: so long may a token that was taken out still be good."""

Stamp = tuple[int, int, int]


class Keyring:
    """Tokens of the settings and of a file, and the leases given on them."""

    def __init__(self, fixed: Sequence[Token], path: Path | None, clock: Clock) -> None:
        """Reads the file. Raises SettingsError where it cannot be used."""
        self._fixed = tuple(fixed)
        self._path = path
        self._clock = clock
        self._stamp = _stamp(path)
        self._from_file = TokenSet() if path is None else read_token_file(path)
        self._set = TokenSet(fixed)
        self._leases: weakref.WeakSet[Lease] = weakref.WeakSet()

    @property
    def is_open(self) -> bool:
        """Whether there are no tokens at all: everybody may do everything.

        A file of which the last token was taken out lets nobody in.
        """
        return self._path is None and not self._fixed

    def lease(self, secret: str) -> Lease | None:
        """A lease on the token of this secret; None where it is of none."""
        now_s = self._now_s()
        # Both are looked at: the time must not tell which of them has it.
        found = [s.of_secret(secret, now_s) for s in (self._set, self._from_file)]
        token = found[0] or found[1]
        if token is None:
            return None
        lease = Lease(token)
        self._leases.add(lease)
        return lease

    def refresh(self) -> None:
        """Read the file again where it has changed; end the leases on tokens that are gone.

        A file that cannot be used changes nothing, and is complained of.
        """
        stamp = _stamp(self._path)
        if self._path is not None and stamp != self._stamp:
            self._stamp = stamp
            self._read(self._path)
        for lease in list(self._leases):
            lease.renew(self._current)

    async def run(self) -> None:
        """Refresh for ever."""
        while True:
            await asyncio.sleep(CHECK_S)
            self.refresh()

    def _read(self, path: Path) -> None:
        try:
            self._from_file = read_token_file(path)
        except SettingsError as error:
            logger.critical(
                "the tokens stay as they were, for the new ones cannot be used: %s", error
            )
        else:
            logger.info("%d tokens were read from %s", len(self._from_file), path)

    def _current(self, digest: bytes) -> Token | None:
        now_s = self._now_s()
        return self._set.of_digest(digest, now_s) or self._from_file.of_digest(digest, now_s)

    def _now_s(self) -> float:
        return self._clock.unix_us() / 1e6


def _stamp(path: Path | None) -> Stamp | None:
    """What changes with a file; None where there is none."""
    if path is None:
        return None
    try:
        found = os.stat(path)  # noqa: PTH116 - follows a link, as a mounted secret is one
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
