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
prints both on one line and exits with `exit_code`.
"""


class NarrowcastError(Exception):
    """Root of the tree. `problem` says what was wrong, `remedy` what to do about it."""

    exit_code = 1

    def __init__(self, problem: str, remedy: str = "") -> None:
        super().__init__(problem, remedy)
        self.problem = problem
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.problem}: {self.remedy}" if self.remedy else self.problem


class InputError(NarrowcastError):
    """Something that the user gave cannot be used."""

    exit_code = 2


class SettingsError(InputError):
    """An option, an environment variable or a settings file is wrong."""


class SourceError(InputError):
    """A camera, a file, a URL or a clip gives no frames."""


class WeightsError(InputError):
    """A weight file or its card is missing or does not fit its network."""


class DataError(InputError):
    """A data set is missing or not laid out as its loader expects."""


class LinkError(NarrowcastError):
    """The other end of a connection cannot be reached, or refused it."""


class ProtocolError(NarrowcastError):
    """Bytes that are not what the wire format allows at this point."""


class CodecError(NarrowcastError):
    """An access unit that cannot be decoded into a chip of the promised size."""


class StoreError(NarrowcastError):
    """The series cannot be written or read."""


class UnknownSessionError(NarrowcastError):
    """No session of that name has ever been published here."""
