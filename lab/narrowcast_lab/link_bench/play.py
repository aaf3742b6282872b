"""One run over one line: the whole path, offline, from chips to samples."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from narrowcast_encoder.rate.controller import Controller
from narrowcast_encoder.session.settings import StreamSettings, make_stream, report_interval_ms
from narrowcast_lab.link_bench.footage import US_PER_FRAME, Chip, Footage
from narrowcast_lab.offline import OfflinePath
from narrowcast_models.recogniser import Recogniser
from narrowcast_shared.samples import Sample
from narrowcast_shared.wire.cost import IP_TCP_BYTES, wire_bytes

SESSION = "bench"
US_PER_S = 1_000_000

MakeController = Callable[[], Controller | None]


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
    controller: MakeController = lambda: None,
) -> Played:
    """Send the footage as `settings` say, its first frame at 0; `tick` is called at each frame.

    controller: makes the one that decides where the settings are not to say.
    """
    return _play(recogniser, settings, footage.chips, 0, tick, controller)


def play_apart(
    recogniser: Recogniser,
    by_clip: Sequence[StreamSettings],
    footage: Footage,
    tick: Callable[[], object] = lambda: None,
    controller: MakeController = lambda: None,
) -> Played:
    """Likewise, but each clip on a connection of its own, as its own settings say.

    The line's capacity goes on in time from clip to clip. What waits for it at the end of a clip
    is not in the way of the next one's.
    """
    samples: list[Sample] = []
    sent: list[Departure] = []
    ends = [*footage.starts[1:], len(footage.chips)]
    for settings, start, end in zip(by_clip, footage.starts, ends, strict=True):
        played = _play(recogniser, settings, footage.chips[start:end], start, tick, controller)
        samples += played.samples
        sent += played.wire
    return Played(samples, sorted(sent))


def _play(
    recogniser: Recogniser,
    settings: StreamSettings,
    chips: Sequence[Chip | None],
    start: int,
    tick: Callable[[], object],
    controller: MakeController,
) -> Played:
    """One connection for frames from number `start` on."""
    start_us = start * US_PER_FRAME
    stream = make_stream(settings, start_us, controller())
    interval_ms = report_interval_ms(settings)
    path = OfflinePath(recogniser, stream, SESSION, interval_ms)
    samples: list[Sample] = []
    for index, chip in enumerate(chips):
        samples += path.frame(chip, start_us + index * US_PER_FRAME)
        tick()
    samples += path.finish(start_us + (len(chips) - 1) * US_PER_FRAME)
    if start:
        samples = [_moved(sample, start) for sample in samples]
    messages = [(at_us - settings.link.delay_us, size) for at_us, size in path.wire]
    return Played(samples, bill(messages, path.reported_us))


def _moved(sample: Sample, start: int) -> Sample:
    """A sample of a connection whose first frame is number `start`. Of its times only the arrival
    was told by the footage's clock.
    """
    start_s = start * US_PER_FRAME / US_PER_S
    latency_ms = sample.latency_ms
    moved = {
        "seq": sample.seq + start,
        "t": sample.t + start_s,
        "latency_ms": None if latency_ms is None else round(latency_ms - 1000 * start_s, 1),
    }
    return sample.model_copy(update=moved)


def bill(messages: Sequence[tuple[int, int]], reported_us: Sequence[int]) -> list[Departure]:
    """Departures of messages (us, payload bytes), and of the acknowledgements that each report
    brings forth at once, in order.
    """
    sent = [Departure(time_us, wire_bytes(size)) for time_us, size in messages]
    return sorted(sent + [Departure(time_us, IP_TCP_BYTES) for time_us in reported_us])
