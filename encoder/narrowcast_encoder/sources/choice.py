"""A source by what the user calls it."""

import re
import time
from collections.abc import Callable
from pathlib import Path

from narrowcast_encoder.sources.camera import open_camera
from narrowcast_encoder.sources.frame import FrameSource
from narrowcast_encoder.sources.sample import open_sample
from narrowcast_encoder.sources.video import open_file, open_url
from narrowcast_shared.errors import SourceError

SAMPLE = "sample"
URL_SCHEMES = ("rtsp", "rtsps", "http", "https")

URL_TIMEOUT_S = 5.0
"""A camera's first keyframe may take 2 to 4 s to come; more silence than this is a fault."""

_CAMERA = re.compile(r"\d+|/dev/video\d+|/dev/v4l/.+")
_URL = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*)://.*", re.IGNORECASE)


def open_source(
    spec: str,
    *,
    loop: bool = False,
    clock: Callable[[], float] = time.time,
    timeout_s: float = URL_TIMEOUT_S,
) -> FrameSource:
    """Open a camera ("0", "/dev/video0"), a file, a URL or "sample", the two built-in faces.

    loop: replay a recording without end, time running on; live sources have no end.
    clock: gives seconds, read as each frame of a live source arrives.
    timeout_s: how long a URL may keep us waiting, when opening and between two reads.
    Raises SourceError where there is nothing to open.
    """
    if spec == SAMPLE:
        return open_sample(loop=loop)
    if _CAMERA.fullmatch(spec):
        return open_camera(spec, clock)
    if url := _URL.fullmatch(spec):
        if url["scheme"].lower() not in URL_SCHEMES:
            known = ", ".join(URL_SCHEMES)
            raise SourceError(f"{spec} is no URL that can be read", f"use one of {known}")
        return open_url(spec, clock=clock, loop=loop, timeout_s=timeout_s)
    return open_file(Path(spec), loop=loop)
