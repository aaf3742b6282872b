"""Frames kept for later: chips at a low rate, and runs of frames without one. Pure, and bounded."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from narrowcast_encoder.session.spacing import MAX_RUN_FRAMES, EvenSpacing
from narrowcast_shared.resample import resample
from narrowcast_shared.wire.messages import Frame, FrameKind

HELD_PX = 48
"""Side that chips are kept at: it holds all that valence needs, at 2.3 kB a chip."""

MAX_CHIPS = 1_500
"""3.5 MB, twelve minutes at 2 fps. Beyond, every second one of the older half is thinned away."""

RUNS_PER_CHIP = 4
"""Of more runs than this for each chip allowed, neighbours without a chip become one, skipped; the
oldest of what is still over are dropped.
"""


class HeldRun(NamedTuple):
    """One frame with its chip uint8 [px, px], or a run of frames that are told as `kind`.

    Frames of a run are taken as evenly spaced from `first_ticks` to `last_ticks`, which is true to
    20 ms (`spacing`), unless too many runs had to become one.
    """

    first_seq: int
    frames: int
    first_ticks: int
    last_ticks: int
    kind: FrameKind
    chip: NDArray[np.uint8] | None = None

    @property
    def end_seq(self) -> int:
        """One above its last frame."""
        return self.first_seq + self.frames

    def told(self) -> tuple[Frame, ...]:
        """Its frames, without a chip."""
        return tuple(Frame(self._ticks(index), self.kind) for index in range(self.frames))

    def since(self, seq: int) -> "HeldRun":
        """The part from `seq` on, at least its last frame."""
        gone = min(max(0, seq - self.first_seq), self.frames - 1)
        if not gone:
            return self
        return self._replace(
            first_seq=self.first_seq + gone,
            frames=self.frames - gone,
            first_ticks=self._ticks(gone),
        )

    def joins(self, after: "HeldRun") -> bool:
        """Whether the two are one run of uncoded frames, but for their kinds."""
        return (
            self.chip is None
            and after.chip is None
            and after.first_seq == self.end_seq
            and self.frames + after.frames <= MAX_RUN_FRAMES
        )

    def with_run(self, after: "HeldRun") -> "HeldRun":
        """The two as one; of different kinds it is skipped."""
        kind = self.kind if self.kind is after.kind else FrameKind.SKIPPED
        return self._replace(
            frames=self.frames + after.frames, last_ticks=after.last_ticks, kind=kind
        )

    def ticks_of(self, seq: int) -> int:
        """Capture time of a frame of the run."""
        return self._ticks(seq - self.first_seq)

    def _ticks(self, index: int) -> int:
        if self.frames == 1:
            return self.first_ticks
        return self.first_ticks + (self.last_ticks - self.first_ticks) * index // (self.frames - 1)


class HeldFrames:
    """Runs in order of their sequence numbers. Falsy where nothing is held."""

    def __init__(self, max_chips: int = MAX_CHIPS) -> None:
        self._max_chips = max_chips
        self._runs: list[HeldRun] = []
        self._chips = 0
        self._spaced: HeldRun | None = None  # the run that `_spacing` is of
        self._spacing = EvenSpacing(0)

    def __len__(self) -> int:
        return len(self._runs)

    def __iter__(self) -> Iterator[HeldRun]:
        return iter(self._runs)

    @property
    def chips(self) -> int:
        """How many frames have a chip."""
        return self._chips

    def add(
        self, seq: int, ticks: int, kind: FrameKind, chip: NDArray[np.uint8] | None = None
    ) -> None:
        """One frame above all there are. chip: uint8 [n, n], kept at `HELD_PX` at most."""
        if chip is not None and chip.shape[0] > HELD_PX:
            chip = resample(chip, HELD_PX)
        run = HeldRun(seq, 1, ticks, ticks, kind, chip)
        last = self._runs[-1] if self._runs else None
        if last is not None and last is self._spaced and self._continues(last, run):
            self._runs[-1] = self._spaced = last.with_run(run)
        else:
            self._spaced, self._spacing = run, EvenSpacing(ticks)
            self._set([*self._runs, run])

    def _continues(self, last: HeldRun, run: HeldRun) -> bool:
        """Whether one more frame is of the last run; a pause, or another frame rate, ends that."""
        alike = last.kind is run.kind and last.joins(run)
        return alike and self._spacing.takes(run.first_ticks)

    def ticks_of(self, seq: int) -> int | None:
        """Capture time of a frame; None where it is not held."""
        runs = (run for run in self._runs if run.first_seq <= seq < run.end_seq)
        return next((run.ticks_of(seq) for run in runs), None)

    def take(self, runs: int) -> list[HeldRun]:
        """The oldest so many runs, no longer held."""
        taken = self._runs[:runs]
        self._set(self._runs[runs:])
        return taken

    def merge(self, runs: Iterable[HeldRun]) -> None:
        """Hold these as well."""
        self._set(sorted([*self._runs, *runs], key=lambda run: run.first_seq))

    def drop_below(self, seq: int) -> None:
        """Forget frames below `seq`."""
        if self._runs and self._runs[0].first_seq < seq:
            self._set([run.since(seq) for run in self._runs if run.end_seq > seq])

    def drop_chips(self) -> None:
        """All frames are to be told without being coded."""
        self._set(_joined(run._replace(chip=None) for run in self._runs))

    def clear(self) -> None:
        """Forget everything."""
        self._set([])

    def _set(self, runs: list[HeldRun]) -> None:
        self._runs = runs
        self._chips = _chips(runs)
        while self._chips > self._max_chips:
            self._runs = _thinned(self._runs, self._chips // 2)
            self._chips = _chips(self._runs)
        max_runs = RUNS_PER_CHIP * self._max_chips
        if len(self._runs) > max_runs:
            self._runs = _joined(self._runs)[-max_runs:]
            self._chips = _chips(self._runs)


def _chips(runs: Iterable[HeldRun]) -> int:
    return sum(run.chip is not None for run in runs)


def _thinned(runs: Iterable[HeldRun], oldest: int) -> list[HeldRun]:
    """Every second chip gone of the `oldest` so many; the first of them is."""
    index, thinned = 0, []
    for run in runs:
        if run.chip is not None:
            if index < oldest and index % 2 == 0:
                run = run._replace(chip=None)  # noqa: PLW2901
            index += 1
        thinned.append(run)
    return _joined(thinned)


def _joined(runs: Iterable[HeldRun]) -> list[HeldRun]:
    """Neighbours without a chip as one run."""
    joined: list[HeldRun] = []
    for run in runs:
        if joined and joined[-1].joins(run):
            joined[-1] = joined[-1].with_run(run)
        else:
            joined.append(run)
    return joined
