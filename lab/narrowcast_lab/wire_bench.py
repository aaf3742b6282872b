"""A capped live run, billed from outside: what the line really carried, window by window."""

import asyncio
import tempfile
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from narrowcast_lab import processes
from narrowcast_lab.relay import Billed, Relay, busiest_bps

SESSION = "wire"


class WireFigures(NamedTuple):
    """Wire rate, bit/s, headers and handshake counted, and what became of the frames."""

    cap_bps: int
    wire_bps_max_5s: float
    wire_bps_max_2s: float
    wire_bps_mean: float
    frames: int
    ok: int


def measure(source: str, seconds: float, cap_bps: int, model: str) -> WireFigures:
    """Play `source` live under the cap for so long, through a relay that bills it."""
    with tempfile.TemporaryDirectory(prefix="narrowcast-") as name:
        folder = Path(name)
        with processes.decoder(folder, "--model", model) as url:
            billed = asyncio.run(_run(url, folder, source, seconds, cap_bps))
            session = processes.get_json(f"{url}/v1/sessions/{SESSION}")
    counts = session["by_status"]
    assert isinstance(counts, dict)
    span_s = billed[-1].at_s - billed[0].at_s
    return WireFigures(
        cap_bps,
        round(busiest_bps(billed, 5.0)),
        round(busiest_bps(billed, 2.0)),
        round(8 * sum(chunk.wire_bytes for chunk in billed) / span_s),
        sum(counts.values()),
        counts["ok"],
    )


async def _run(url: str, folder: Path, source: str, seconds: float, cap_bps: int) -> list[Billed]:
    async with Relay(urlsplit(url).port or 0) as relay:
        relayed = f"http://127.0.0.1:{relay.port}"
        arguments = ["encode", source, "--loop", "--to", relayed, "--session", SESSION]
        log = folder / "encoder.log"
        with processes.narrowcast([*arguments, f"--cap={cap_bps}"], log) as encoder:
            known = f"{url}/v1/sessions/{SESSION}"
            await asyncio.to_thread(processes.wait_for_session, known, encoder, log)
            await asyncio.sleep(seconds)
            return list(relay.billed)
