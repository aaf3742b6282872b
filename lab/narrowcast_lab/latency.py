"""Latency of the live path: capture to subscriber, with real processes over loopback."""

import asyncio
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import aclosing, suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np

from narrowcast_client import subscribe
from narrowcast_lab import processes
from narrowcast_shared.errors import LinkError
from narrowcast_shared.samples import Sample, Status

SESSION = "latency"
WARM_UP_S = 1.0
STALL_S = 10.0


class Latency(NamedTuple):
    """Figures of one run, ms. `decoder` is the part the service itself reports."""

    frames: int
    ok: int
    skipped: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    decoder_p50_ms: float
    decoder_p99_ms: float


def measure(source: str, seconds: float, flags: Sequence[str], model: str) -> Latency:
    """Play `source` for so long and time every sample. Raises LinkError where none comes."""
    with tempfile.TemporaryDirectory(prefix="narrowcast-") as name:
        folder = Path(name)
        with processes.decoder(folder, "--model", model) as url:
            arguments = ["encode", source, "--loop", "--to", url, "--session", SESSION, *flags]
            log = folder / "encoder.log"
            with processes.narrowcast(arguments, log) as encoder:
                processes.wait_for_session(f"{url}/v1/sessions/{SESSION}", encoder, log)
                return _figures(asyncio.run(_collect(url, seconds)))


async def _collect(url: str, seconds: float) -> list[tuple[float, Sample]]:
    """(arrival in Unix s, sample) of the measured time, after the warm-up."""
    arrivals: list[tuple[float, Sample]] = []
    started: float | None = None
    longest_s = WARM_UP_S + seconds + STALL_S
    with suppress(TimeoutError):  # what has come by then is what there is
        async with aclosing(subscribe(url, SESSION)) as samples, asyncio.timeout(longest_s):
            async for sample in samples:
                now = time.time()
                started = now if started is None else started
                if now - started >= WARM_UP_S + seconds:
                    break
                if now - started >= WARM_UP_S:
                    arrivals.append((now, sample))
    return arrivals


def _figures(arrivals: list[tuple[float, Sample]]) -> Latency:
    read = [(now, sample) for now, sample in arrivals if sample.status is Status.OK]
    if not read:
        raise LinkError("no valence arrived to be timed", "is there a face in the source?")
    delays_ms = [1000 * (now - sample.t) for now, sample in read]
    decoder_ms = [sample.latency_ms for _, sample in read if sample.latency_ms is not None]
    counts = Counter(sample.status for _, sample in arrivals)
    p50, p95, p99 = (round(float(np.percentile(delays_ms, p)), 1) for p in (50, 95, 99))
    decoder_p50, decoder_p99 = (round(float(np.percentile(decoder_ms, p)), 1) for p in (50, 99))
    return Latency(
        len(arrivals), len(read), counts[Status.SKIPPED], p50, p95, p99, decoder_p50, decoder_p99
    )
