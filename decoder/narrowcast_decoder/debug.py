"""What the process has used so far, for benchmarks: an internal endpoint that may change."""

import os
import time
from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from narrowcast_decoder.stages import Stages

PATH = "/debug/stages"

_STATM = Path("/proc/self/statm")


def route(stages: Stages) -> Route:
    """`GET /debug/stages`: totals since the start; whoever wants a rate asks twice."""

    async def answer(_: Request) -> JSONResponse:
        return JSONResponse(
            {
                "cpu_s": time.process_time(),
                "resident_bytes": _resident_bytes(),
                "frames": stages.frames,
                "batches": stages.batches,
                "stages_cpu_s": stages.cpu_s(),
            }
        )

    return Route(PATH, answer, include_in_schema=False)


def _resident_bytes() -> int | None:
    """Resident memory; None where there is no /proc."""
    try:
        pages = int(_STATM.read_text().split()[1])
    except OSError:
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")
