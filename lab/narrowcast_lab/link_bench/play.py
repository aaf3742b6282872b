"""One run over one line: the whole path, offline, from chips to samples."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from narrowcast_encoder.session.settings import StreamSettings, make_stream, report_interval_ms
from narrowcast_lab.link_bench.footage import US_PER_FRAME, Footage
from narrowcast_lab.offline import OfflinePath
from narrowcast_models.recogniser import Recogniser
from narrowcast_shared.samples import Sample
from narrowcast_shared.wire.cost import IP_TCP_BYTES, wire_bytes

SESSION = "bench"


class Departure(NamedTuple):
    """What left for the line at once, a message or an acknowledgement: when, us, and its bytes,
    all headers counted.
    """

    at_us: int
    wire_bytes: int


class Played(NamedTuple):
    """What became of the frames, in the series' order, and what went over the line."""

    samples: list[Sample]
    wire: list[Departure]


def play(
    recogniser: Recogniser,
    settings: StreamSettings,
    footage: Footage,
    tick: Callable[[], object] = lambda: None,
) -> Played:
    """Send the footage as `settings` say, its first frame at 0; `tick` is called at each frame."""
    stream, interval_ms = make_stream(settings, 0), report_interval_ms(settings)
    path = OfflinePath(recogniser, stream, SESSION, interval_ms)
    samples: list[Sample] = []
    for index, chip in enumerate(footage.chips):
        samples += path.frame(chip, index * US_PER_FRAME)
        tick()
    samples += path.finish((len(footage.chips) - 1) * US_PER_FRAME)
    messages = [(at_us - settings.link.delay_us, size) for at_us, size in path.wire]
    return Played(samples, bill(messages, path.reported_us))


def bill(messages: Sequence[tuple[int, int]], reported_us: Sequence[int]) -> list[Departure]:
    """Departures of messages (us, payload bytes), and of the acknowledgements that each report
    brings forth at once, in order.
    """
    sent = [Departure(time_us, wire_bytes(size)) for time_us, size in messages]
    return sorted(sent + [Departure(time_us, IP_TCP_BYTES) for time_us in reported_us])
