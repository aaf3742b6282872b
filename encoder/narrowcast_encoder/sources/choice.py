"""A source by what the user calls it."""

import re
import time
from collections.abc import Callable
from pathlib import Path

from narrowcast_encoder.sources.camera import open_camera
from narrowcast_encoder.sources.frame import FrameSource
from narrowcast_encoder.sources.names import shown
from narrowcast_encoder.sources.reconnect import ReconnectingSource
from narrowcast_encoder.sources.sample import open_sample
from narrowcast_encoder.sources.video import open_file, open_standard_input, open_url
from narrowcast_shared.errors import SourceError

SAMPLE = "sample"
STANDARD_INPUT = "-"
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
    patience_s: float | None = None,
    as_recording: bool = False,
) -> FrameSource:
    """Open a camera ("0", "/dev/video0"), a file, a URL, "-", which is standard input, or
    "sample", the two built-in faces.

    A file, standard input, and a URL that tells its duration or size are recordings: their frames
    carry their own times since the first one. A URL that tells neither, rtsp and a camera are live.
    loop: replay a recording without end, time running on; what is live cannot be replayed.
    clock: gives seconds; frames of a live source are stamped with their time of capture on it.
    as_recording: take a live URL, too, for a recording: its frames carry their own times since the
    first one, or, where it sends none (JPEG pictures over HTTP), the clock's.
    timeout_s: how long a URL may keep us waiting, when opening and between two reads.
    patience_s: how long a camera or live stream that goes away is opened again, before reading
    it raises SourceError. None: its end is the end.
    Raises SourceError where there is nothing to open.
    """

    def opened() -> FrameSource:
        return _open(spec, loop=loop, clock=clock, timeout_s=timeout_s, as_recording=as_recording)

    source = opened()
    if patience_s is None or not source.live:
        return source
    name = shown(spec) if _URL.fullmatch(spec) else f"camera {spec}"
    return ReconnectingSource(source, opened, name, patience_s)


def _open(
    spec: str, *, loop: bool, clock: Callable[[], float], timeout_s: float, as_recording: bool
) -> FrameSource:
    if spec == SAMPLE:
        return open_sample(loop=loop)
    if spec == STANDARD_INPUT:
        return open_standard_input(loop=loop)
    if _CAMERA.fullmatch(spec):
        if loop:
            raise SourceError(f"camera {spec} has no end to replay", "leave out --loop")
        return open_camera(spec, clock)
    if url := _URL.fullmatch(spec):
        if url["scheme"].lower() not in URL_SCHEMES:
            known = ", ".join(URL_SCHEMES)
            raise SourceError(f"{shown(spec)} is no URL that can be read", f"use one of {known}")
        return open_url(
            spec, clock=clock, loop=loop, timeout_s=timeout_s, as_recording=as_recording
        )
    return open_file(Path(spec), loop=loop)
