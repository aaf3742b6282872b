"""A series as columns, from which every value of a report is computed."""

from array import array
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from narrowcast_shared.marks import Mark
from narrowcast_shared.model_name import UNKNOWN_MODEL, ModelName
from narrowcast_shared.samples import Status

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

STATUSES = tuple(Status)
"""A status is stored as its index in here."""

VALUES = (
    "valence", "sigma", "px", "qp", "wire_bps", "cap_bps", "latency_ms", "valence_above_rest",
    "sigma_above_rest",
)  # fmt: skip

EARLIEST_UNIX_T = 1e8
"""s. Earlier times (before 1973) are positions in a file, not points in time."""


class Frame(Protocol):
    """The fields of a sample that a series uses."""

    @property
    def t(self) -> float: ...
    @property
    def status(self) -> Status: ...
    @property
    def valence(self) -> float | None: ...
    @property
    def sigma(self) -> float | None: ...
    @property
    def px(self) -> int | None: ...
    @property
    def qp(self) -> int | None: ...
    @property
    def wire_bps(self) -> int | None: ...
    @property
    def cap_bps(self) -> int | None: ...
    @property
    def latency_ms(self) -> float | None: ...


@dataclass(frozen=True)
class Series:
    """N frames in order of capture, N >= 1. Missing values are NaN.

    start_t: `t` of the first frame, s. at_s: [N], s since then, never falling.
    status: [N], places in `STATUSES`. The others: [N], in the units of `samples.Sample`.
    """

    start_t: float
    at_s: Floats
    status: NDArray[np.int8]
    valence: Floats
    sigma: Floats
    px: Floats
    qp: Floats
    wire_bps: Floats
    cap_bps: Floats
    latency_ms: Floats
    valence_above_rest: Floats
    sigma_above_rest: Floats

    def __len__(self) -> int:
        return len(self.at_s)

    @property
    def has_clock_time(self) -> bool:
        """Whether `t` is Unix time; in a scored file it is the position in that file."""
        return self.start_t >= EARLIEST_UNIX_T

    def above_rest(self) -> Self | None:
        """The same with the baseline-corrected valence as valence; None without a baseline."""
        if not np.isfinite(self.valence_above_rest).any():
            return None
        return replace(self, valence=self.valence_above_rest, sigma=self.sigma_above_rest)

    @property
    def is_reading(self) -> NDArray[np.bool_]:
        """[N], whether a frame has an estimate."""
        return np.asarray((self.status == STATUSES.index(Status.OK)) & np.isfinite(self.valence))


class SeriesBuilder:
    """Collects frames in any order, 81 bytes each."""

    def __init__(self) -> None:
        self._t = array("d")
        self._status = array("b")
        self._columns = {name: array("d") for name in VALUES}

    def __len__(self) -> int:
        return len(self._t)

    def add(self, frames: Iterable[Frame]) -> None:
        """The next frames."""
        for frame in frames:
            self._t.append(frame.t)
            self._status.append(STATUSES.index(frame.status))
            for name, column in self._columns.items():
                value = getattr(frame, name, None)  # only some have a baseline
                column.append(float("nan") if value is None else value)

    def build(self) -> Series:
        """The series. Raises ValueError where no frame was added."""
        if not self._t:
            raise ValueError("a series needs a frame")
        t = np.array(self._t)
        # Back-filled frames arrive after later ones.
        order = np.argsort(t, kind="stable")
        columns = {name: np.array(column)[order] for name, column in self._columns.items()}
        status = np.array(self._status, dtype=np.int8)[order]
        start_t = float(t[order[0]])
        return Series(start_t, t[order] - start_t, status, **columns)


@dataclass(frozen=True)
class Source:
    """A series and its origin.

    name: the session's. origin: the file, store or decoder that it comes from, in words.
    model: the weights of the estimates, as far as known.
    rest: the person's resting valence, in words; None without a baseline.
    clock_offset_ms: how far the decoder's clock was ahead of the encoder's; None where unknown.
    clock_error_ms: bound of that offset's error; None where unknown.
    """

    name: str
    origin: str
    series: Series
    model: ModelName = UNKNOWN_MODEL
    rest: str | None = None
    clock_offset_ms: float | None = None
    clock_error_ms: float | None = None
    marks: tuple[Mark, ...] = ()
    is_file: bool = False
