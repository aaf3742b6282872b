"""One decoder or two, on the bus or on SQLite, each behind a balancer: what a sample costs, and how
many there are a second.

All processes are started once, and each set-up is measured in every round, so that a machine that
others use too is as slow for one as for the other.
"""

import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

from narrowcast_lab import bus_server, serve_bench
from narrowcast_lab.cluster import balancer, stand
from narrowcast_lab.cluster.balancer import Balancer
from narrowcast_lab.cluster.replica import Replica
from narrowcast_lab.cluster.spent import Spent, spent
from narrowcast_lab.serve_bench import Request, Tell
from narrowcast_lab.serve_bench_clips import Clip
from narrowcast_lab.serve_bench_load import DRAIN_S, HEAD_START_S, Outcome, Plan, play
from narrowcast_lab.serve_bench_player import receive

US_PER_S = 1_000_000

_COMPARED = (
    ("CPU of decoders a sample", "served", "decoder_cpu_us"),
    ("latency p50", "served", "latency_ms_p50"),
    ("latency p99", "served", "latency_ms_p99"),
    ("readings a second", "too_many", "readings_per_s"),
)
"""What, under which load, by which figure."""


class SetUp(NamedTuple):
    """Decoders by their URLs, the balancer before them, and the bus behind: URL and process."""

    balancer: Balancer
    decoders: list[str]
    bus: tuple[str, int] | None = None

    def spent(self) -> Spent:
        """Up to now."""
        return spent(self.decoders, self.bus, self.balancer.pid)


class Stored(NamedTuple):
    """How many samples there are of a load's sessions, and how many of them have a valence."""

    samples: int
    readings: int


class Figures(NamedTuple):
    """Of one set-up under one load. CPU times are of all processes of a kind.

    readings_per_s: samples with a valence that were stored; what was shed is not among them.
    bus_commands, bus_bytes: of the server, a sample; bytes of both ways.
    """

    offered_per_s: float
    readings_per_s: float
    decoder_cpu_us: float
    bus_cpu_us: float
    balancer_cpu_us: float
    cores: float
    bus_commands: float
    bus_bytes: float
    latency_ms_p50: float | None
    latency_ms_p95: float | None
    latency_ms_p99: float | None
    lost: int
    missed: int


class Loads(NamedTuple):
    """What is played: so many streams as all set-ups serve, and more than any does."""

    served: Request
    too_many: Request


Report = dict[str, dict[str, Figures]]
"""Of each set-up by name: under `served` and under `too_many`."""


def measure(loads: Loads, rounds: int, tell: Tell) -> Report:
    """Measure each set-up `rounds` times under both loads; medians. Raises LinkError."""
    stand.check()
    clips = serve_bench.make_clips(loads.served)
    runs: dict[tuple[str, str], list[Figures]] = {}
    with tempfile.TemporaryDirectory(prefix="narrowcast-") as name:
        tell("starting Valkey, HAProxy and three decoders")
        with set_ups(Path(name), loads.served.model) as made:
            for number in range(rounds):
                for load, request in loads._asdict().items():
                    for index, (setup, target) in enumerate(made.items()):
                        tell(f"{number + 1} of {rounds}: {setup}, {request.streams} streams")
                        prefix = f"{load}-{number}-{index}"
                        figures = run(target, request, clips, prefix)
                        runs.setdefault((setup, load), []).append(figures)
            return {
                setup: {load: median(runs[setup, load]) for load in loads._fields} for setup in made
            }


@contextmanager
def set_ups(folder: Path, model: str) -> Iterator[dict[str, SetUp]]:
    """All set-ups, the ones that are not measured idle meanwhile."""
    common = (*stand.BEHIND_BALANCER, "--model", model)
    with ExitStack() as stack:
        bus = stack.enter_context(bus_server.running(folder / "bus", stand.FSYNC))
        lone = Replica(folder, 0, ("--store", str(folder / "series.sqlite"), *common))
        both = [Replica(folder, number, ("--bus", bus.url, *common)) for number in (1, 2)]
        stand.start_all([lone, *both], stack)

        def set_up(decoders: list[Replica], bus: tuple[str, int] | None) -> SetUp:
            ports = [decoder.port for decoder in decoders]
            front = stack.enter_context(balancer.running(folder, ports))
            return SetUp(front, [decoder.url for decoder in decoders], bus)

        on_bus = (bus.url, bus.pid)
        yield {
            "1 decoder on SQLite": set_up([lone], None),
            "1 decoder on the bus": set_up(both[:1], on_bus),
            "2 decoders on the bus": set_up(both, on_bus),
        }


def run(target: SetUp, request: Request, clips: list[Clip], prefix: str) -> Figures:
    """One load on one set-up. prefix: of its sessions' names, used once."""
    plan = serve_bench.make_plan(request, clips, target.balancer.url)._replace(prefix=prefix)
    with serve_bench.playing(plan, partial(play, plan), lambda _: None) as (_, load):
        time.sleep(HEAD_START_S + serve_bench.WARM_UP_S)
        start_s, used, had = time.monotonic(), target.spent(), _stored(plan)
        time.sleep(request.seconds)
        used, has = target.spent().since(used), _stored(plan)
        played_s = time.monotonic() - start_s
        outcome = receive(load, serve_bench.WARM_UP_S + 2 * DRAIN_S)
    assert isinstance(outcome, Outcome)
    came = Stored(has.samples - had.samples, has.readings - had.readings)
    figures = _figures(request, used, came, played_s, outcome)
    return figures._replace(lost=plan.streams * plan.frames - _stored(plan).samples)


def _figures(
    request: Request, used: Spent, came: Stored, played_s: float, outcome: Outcome
) -> Figures:
    samples = max(1, came.samples)
    p50, p95, p99 = serve_bench.percentiles(outcome.latency_ms)
    return Figures(
        offered_per_s=request.streams * request.point.fps,
        readings_per_s=round(came.readings / played_s, 1),
        decoder_cpu_us=round(US_PER_S * used.decoder_cpu_s / samples, 1),
        bus_cpu_us=round(US_PER_S * used.bus_cpu_s / samples, 1),
        balancer_cpu_us=round(US_PER_S * used.balancer_cpu_s / samples, 1),
        cores=round((used.decoder_cpu_s + used.bus_cpu_s + used.balancer_cpu_s) / played_s, 3),
        bus_commands=round(used.bus_commands / samples, 3),
        bus_bytes=round((used.bus_in_bytes + used.bus_out_bytes) / samples, 1),
        latency_ms_p50=p50,
        latency_ms_p95=p95,
        latency_ms_p99=p99,
        lost=0,
        missed=outcome.missed,
    )


def _stored(plan: Plan) -> Stored:
    sessions = serve_bench.stored(plan.url, plan.prefix)
    return Stored(
        sum(sum(by_status.values()) for by_status in sessions),
        sum(by_status["ok"] for by_status in sessions),
    )


def median(runs: list[Figures]) -> Figures:
    """Of each figure; None where one of the runs has none."""
    columns = zip(*runs, strict=True)
    return Figures._make(None if None in each else statistics.median(each) for each in columns)


def ratios(report: Report) -> dict[str, float | None]:
    """The bus against SQLite, and two decoders against one; None where nothing came."""
    sqlite, one, two = report.values()
    return {
        f"{name}, {what}": _ratio(getattr(ours[load], figure), getattr(theirs[load], figure))
        for name, ours, theirs in (("bus / SQLite", one, sqlite), ("2 / 1 decoders", two, one))
        for what, load, figure in _COMPARED
    }


def _ratio(ours: float | None, theirs: float | None) -> float | None:
    return round(ours / theirs, 3) if ours is not None and theirs else None
