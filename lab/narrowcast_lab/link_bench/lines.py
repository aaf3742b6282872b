"""The lines that are simulated, as the command line names them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from narrowcast_shared.errors import SettingsError
from narrowcast_shared.link import LinkSettings, Schedule, Trace, read_trace


class Line(NamedTuple):
    """A simulated line. name: `8k`, `32k,10s:4k`, or the trace's file with its scale."""

    name: str
    capacity: Schedule | Trace
    delay_us: int = 0

    def __str__(self) -> str:
        return self.name

    @property
    def link(self) -> LinkSettings:
        return LinkSettings(self.capacity, self.delay_us)

    @property
    def mean_bps(self) -> int:
        """Long-run rate, bit/s."""
        return round(self.capacity.mean_bps)

    def describe(self) -> dict[str, Any]:
        """Keys that tell this line from others in the report."""
        rate = {"mean_bps": self.mean_bps, "delay_ms": self.delay_us / 1000}
        if isinstance(self.capacity, Trace):
            return {"trace": self.name, **rate}
        steady = self.mean_bps if len(self.capacity.steps) == 1 else None
        return {"cap": self.name, "cap_bps": steady, **rate}


class TraceScale(NamedTuple):
    """By what to scale traces: a factor, or the mean rate in bit/s that each is to have."""

    factor: float | None = None
    mean_bps: float | None = None

    def read(self, path: Path) -> Trace:
        """The trace in a file, scaled. Raises SettingsError."""
        if self.mean_bps is None:
            return read_trace(path, self.factor or 1.0)
        return read_trace(path, self.mean_bps / read_trace(path).mean_bps)


def lines(
    caps: Sequence[Schedule], traces: Sequence[Path], scale: TraceScale, delay_us: int
) -> list[Line]:
    """One line a cap, then one a trace. Raises SettingsError on what contradicts itself."""
    if scale != TraceScale() and not traces:
        raise SettingsError("--trace-scale and --trace-mean scale a trace", "add --trace FILE")
    if scale.factor is not None and scale.mean_bps is not None:
        raise SettingsError("--trace-scale and --trace-mean both scale the traces", "give one")
    capacities: list[Schedule | Trace] = [*caps, *map(scale.read, traces)]
    return [Line(str(capacity), capacity, delay_us) for capacity in capacities]
