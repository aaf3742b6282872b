"""What a stream is to send, as the user asks for it, and the stream that does so."""

from typing import NamedTuple

from narrowcast_encoder.control.controller import Controller
from narrowcast_encoder.control.pinned import PinnedController
from narrowcast_encoder.control.stepping import SteppingController
from narrowcast_encoder.session.packer import DEFAULT_QUIET_US
from narrowcast_encoder.session.stream import Stream
from narrowcast_shared.link import Link, LinkSettings
from narrowcast_shared.operating_point import MAX_FPS, check_fps, check_point

DEFAULT_PX = 48
DEFAULT_QP = 30
CAPPED_FRAMES_PER_MESSAGE = 5
CAPPED_QUIET_US = 1_000_000


class StreamSettings(NamedTuple):
    """A rung pins the operating point; a cap without one steps through the ladder.

    fps None codes every captured frame. link: the line to keep within, every header counted.
    """

    px: int | None = None
    qp: int | None = None
    fps: float | None = None
    frames_per_message: int | None = None
    link: LinkSettings = LinkSettings()


def make_stream(settings: StreamSettings, start_us: int) -> Stream:
    """A stream whose tick 0 is at `start_us`. Raises SettingsError on what is out of range."""
    capped = settings.link.capacity is not None
    quiet_us = CAPPED_QUIET_US if capped else DEFAULT_QUIET_US
    return Stream(_controller(settings), Link(*settings.link), start_us, quiet_us)


def report_interval_ms(settings: StreamSettings) -> int:
    """How often to ask for reports: their acknowledgements are paid for out of a small cap."""
    cap_bps = settings.link.mean_bps
    return 200 if cap_bps is None or cap_bps >= 32_000 else 1000


def _controller(settings: StreamSettings) -> Controller:
    fps = MAX_FPS if settings.fps is None else check_fps(settings.fps)
    cap_bps = settings.link.mean_bps
    if cap_bps is not None and settings.px is None and settings.qp is None:
        return SteppingController(cap_bps, fps)
    default_k = 1 if cap_bps is None else CAPPED_FRAMES_PER_MESSAGE
    px = DEFAULT_PX if settings.px is None else settings.px
    qp = DEFAULT_QP if settings.qp is None else settings.qp
    return PinnedController(check_point(px, qp, fps, settings.frames_per_message or default_k))
