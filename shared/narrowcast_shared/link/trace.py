"""Traces of real lines, in Mahimahi's format: when a packet may leave.

One whole number a line: ms since the start at which one packet of 1,500 B may leave, never
falling; a time that stands n times is good for n packets. The trace begins anew at its last
time. Netravali et al., "Mahimahi: Accurate Record-and-Replay for HTTP", USENIX ATC 2015, and
the page of mm-link(1).
"""

from bisect import bisect_right
from pathlib import Path

from narrowcast_shared.errors import SettingsError, pointing_to
from narrowcast_shared.link.capacity import NEVER_US, UBIT_PER_BYTE, Repeating
from narrowcast_shared.see import See
from narrowcast_shared.text_files import read_text

OPPORTUNITY_BYTES = 1500
MAX_DIGITS = 12
FORMAT = "a trace has one time in ms a line, in order, as Mahimahi writes them"


class Opportunities:
    """Times at which `ubit` may leave at once, gone through once."""

    def __init__(self, times_us: list[int], ubit: int) -> None:
        self._times_us = times_us
        self._ubit = ubit

    @property
    def mean_bps(self) -> float:
        return len(self._times_us) * self._ubit / self._times_us[-1]

    def total(self, at_us: int) -> int:
        return bisect_right(self._times_us, at_us) * self._ubit

    def when(self, total: int) -> int:
        if total <= 0:
            return 0
        index = -(-total // self._ubit) - 1
        return self._times_us[index] if index < len(self._times_us) else NEVER_US


class Trace:
    """The capacity that a trace recorded, begun anew at its end, its rate times `scale`.

    Scaled, each opportunity carries another amount; the times, outages among them, stay. A
    message that is larger than an opportunity goes on at the next; what nobody uses is lost.
    """

    def __init__(self, name: str, times_ms: list[int], scale: float = 1.0) -> None:
        """Raises SettingsError where the times are no trace."""
        _check(name, times_ms)
        ubit = round(OPPORTUNITY_BYTES * UBIT_PER_BYTE * scale)
        if ubit < 1:
            raise SettingsError(f"a trace scaled by {scale:g} carries nothing")
        self._name = name
        self._scale = scale
        times_us = [1000 * time for time in times_ms]
        self._laps = Repeating(Opportunities(times_us, ubit), times_us[-1])

    def __str__(self) -> str:
        return f"{self._name} x {self._scale:g}"

    @property
    def mean_bps(self) -> float:
        return self._laps.mean_bps

    def total(self, at_us: int) -> int:
        return self._laps.total(at_us)

    def when(self, total: int) -> int:
        return self._laps.when(total)


@pointing_to(See.TRACES)
def read_trace(path: Path, scale: float = 1.0) -> Trace:
    """The trace in a file. Raises SettingsError where it cannot be read, or is none."""
    times_ms: list[int] = []
    try:
        for number, line in enumerate(read_text(path).splitlines(), 1):
            text = line.strip()
            if not (text.isascii() and text.isdigit()) or len(text) > MAX_DIGITS:
                found = f"{text[:40]!r} in line {number} is no time"
                raise SettingsError(f"{path}: {found}", FORMAT)
            times_ms.append(int(text))
    except OSError as error:
        raise SettingsError(f"the trace {path} cannot be read ({error.strerror})") from None
    except UnicodeError:
        raise SettingsError(f"{path} is no text", FORMAT) from None
    return Trace(path.name, times_ms, scale)


def _check(name: str, times_ms: list[int]) -> None:
    if not times_ms:
        raise SettingsError(f"the trace {name} is empty", FORMAT)
    for index in range(1, len(times_ms)):
        before, after = times_ms[index - 1], times_ms[index]
        if after < before:
            raise SettingsError(
                f"{name}: in line {index + 1}, {after} ms comes after {before} ms", FORMAT
            )
    if times_ms[-1] == 0:
        raise SettingsError(f"the trace {name} ends at 0 ms, where it began", FORMAT)
