"""What a stream is to send, as the user asks for it, and the stream that does so."""

from typing import NamedTuple

from narrowcast_encoder.rate.adaptive import AdaptiveController, Aims
from narrowcast_encoder.rate.bandwidth import BandwidthEstimator
from narrowcast_encoder.rate.controller import Controller
from narrowcast_encoder.rate.pinned import PinnedController
from narrowcast_encoder.rate.table import Table, load
from narrowcast_encoder.session.packer import DEFAULT_QUIET_US
from narrowcast_encoder.session.stream import Stream
from narrowcast_encoder.session.uplink import Uplink
from narrowcast_shared.errors import SettingsError
from narrowcast_shared.link import Link, LinkSettings
from narrowcast_shared.operating_point import MAX_FPS, check_fps, check_point
from narrowcast_shared.wire.cost import IP_TCP_BYTES

DEFAULT_PX = 48
DEFAULT_QP = 30
CAPPED_FRAMES_PER_MESSAGE = 5
CAPPED_QUIET_US = 1_000_000

ACK_BITS = 8 * IP_TCP_BYTES
ACK_SHARE = 0.06
"""Of a known capacity, for the acknowledgements of reports."""


class StreamSettings(NamedTuple):
    """A rung pins the operating point; a line without one, or `adapt`, leaves it to control.

    fps None codes every captured frame. link: the line to keep within, every header counted.
    latency_us: from capture to arrival; None leaves it to the line's capacity. adapt: control
    without a simulated line, by what the real one carries. table None: the one that ships.
    """

    px: int | None = None
    qp: int | None = None
    fps: float | None = None
    frames_per_message: int | None = None
    link: LinkSettings = LinkSettings()
    latency_us: int | None = None
    adapt: bool = False
    table: Table | None = None

    @property
    def controlled(self) -> bool:
        """Whether the operating point is left to control."""
        pinned = self.px is not None or self.qp is not None
        return not pinned and (self.adapt or self.link.capacity is not None)


def make_stream(
    settings: StreamSettings, start_us: int, controller: Controller | None = None
) -> Stream:
    """A stream whose tick 0 is at `start_us`. Raises SettingsError on what is out of range.

    controller: decides in place of the one that the settings ask for.
    """
    capped = settings.link.capacity is not None
    quiet_us = CAPPED_QUIET_US if capped or settings.adapt else DEFAULT_QUIET_US
    line = BandwidthEstimator(1000 * report_interval_ms(settings))
    uplink = Uplink(Link(*settings.link), line, adapts=settings.adapt)
    return Stream(controller or _controller(settings), uplink, start_us, quiet_us)


def report_interval_ms(settings: StreamSettings) -> int:
    """How often to ask for reports: their acknowledgements are paid for out of a small line.

    A known capacity needs few of them. One that has to be found out needs some.
    """
    told_bps = settings.link.told_bps
    if told_bps is not None:
        return round(min(max(1000 * ACK_BITS / (ACK_SHARE * told_bps), 200), 2000))
    return 200 if settings.link.capacity is None and not settings.adapt else 300


def _controller(settings: StreamSettings) -> Controller:
    fps = MAX_FPS if settings.fps is None else check_fps(settings.fps)
    if settings.controlled:
        return _adaptive(settings, fps)
    default_k = 1 if settings.link.capacity is None else CAPPED_FRAMES_PER_MESSAGE
    px = DEFAULT_PX if settings.px is None else settings.px
    qp = DEFAULT_QP if settings.qp is None else settings.qp
    point = check_point(px, qp, fps, settings.frames_per_message or default_k)
    return PinnedController(point, settings.latency_us)


def _adaptive(settings: StreamSettings, fps: float) -> AdaptiveController:
    table = load() if settings.table is None else settings.table
    told_bps, least_bps = settings.link.mean_bps, table.least_bps(fps)
    if told_bps is not None and told_bps < least_bps:
        raise SettingsError(
            f"a cap of {told_bps} bit/s is below the least that any operating point needs",
            f"allow at least {least_bps:.0f} bit/s, headers counted",
        )
    aims = Aims(settings.latency_us, fps)
    return AdaptiveController(table, aims, 1000 * report_interval_ms(settings))
