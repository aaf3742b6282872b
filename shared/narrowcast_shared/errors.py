"""Every error that narrowcast raises on purpose.

    NarrowcastError
    |-- InputError            what the user gave cannot be used
    |   |-- SettingsError     an option, environment variable or settings file
    |   |-- SourceError       a camera, file, URL or clip
    |   |-- WeightsError      a weight file or its card
    |   `-- DataError         a data set
    |-- LinkError             the other end cannot be reached, or refused
    |-- ProtocolError         bytes that are not narrowcast's wire format
    |-- CodecError            an access unit that cannot be decoded
    |-- StoreError            the series cannot be stored or read
    `-- UnknownSessionError   no session of that name

Each carries what was wrong and, where there is one, what to do about it; the command line
prints both on one line, the page of the documentation that helps on a second, and exits with
`exit_code`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

from narrowcast_shared.see import See


class NarrowcastError(Exception):
    """Root of the tree. `problem` says what was wrong, `remedy` what to do about it, `see` where
    the documentation says more; a class may have a page for all of its errors.
    """

    exit_code = 1
    page: ClassVar[See | None] = None

    def __init__(self, problem: str, remedy: str = "", *, see: See | None = None) -> None:
        super().__init__(problem, remedy)
        self.problem = problem
        self.remedy = remedy
        self.see = see or self.page

    def __str__(self) -> str:
        return f"{self.problem}: {self.remedy}" if self.remedy else self.problem


def install_hint(*extras: str) -> str:
    """What to install for extras of pyproject.toml, as a remedy: narrowcast comes as a copy of its
    repository and from no package index.
    """
    return f"run `pip install '.[{','.join(extras)}]'` in your copy of the repository"


@contextmanager
def pointing_to(see: See) -> Iterator[None]:
    """Have the errors that leave the block, or the function it decorates, point to this page
    and not to that of their class; one that was raised with a page keeps it.
    """
    try:
        yield
    except NarrowcastError as error:
        if error.see is error.page:
            error.see = see
        raise


class InputError(NarrowcastError):
    """Something that the user gave cannot be used."""

    exit_code = 2


class SettingsError(InputError):
    """An option, an environment variable or a settings file is wrong."""


class SourceError(InputError):
    """A camera, a file, a URL or a clip gives no frames."""

    page = See.SOURCES


class WeightsError(InputError):
    """A weight file or its card is missing or does not fit its network."""

    page = See.WEIGHTS


class DataError(InputError):
    """A data set is missing or not laid out as its loader expects."""

    page = See.DATA


class LinkError(NarrowcastError):
    """The other end of a connection cannot be reached, or refused it."""


class ProtocolError(NarrowcastError):
    """Bytes that are not what the wire format allows at this point."""

    page = See.PROTOCOL


class CodecError(NarrowcastError):
    """An access unit that cannot be decoded into a chip of the promised size."""


class StoreError(NarrowcastError):
    """The series cannot be written or read."""

    page = See.STORE


class UnknownSessionError(NarrowcastError):
    """No session of that name has ever been published here."""
