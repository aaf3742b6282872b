"""Whatever happens on the way, a stream is told to its end, and each frame has one sample."""

from enum import Enum, auto
from itertools import pairwise
from random import Random
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from narrowcast_encoder.rate.table import load
from narrowcast_encoder.session.settings import StreamSettings
from narrowcast_shared.link import LinkSettings, Trace, parse_schedule
from narrowcast_shared.samples import Status
from narrowcast_shared.wire.messages import EndCode, FrameKind

from .conversation import Captured, Decoder, Encoder, S, World

END_US = 120 * S
"""From the last fault and the last frame to the end, at most."""

CAPS = ("4k", "12k", "64k", "16k,2s:0,5s:16k", "32k,1s:4k,4s:0,7s:8k,9s:loop", "64k,3s:4k")
TRACE = Trace("a line that is away for two seconds", [100, 200, 300, 400, 2400, 2500, 2600])

PINNED = StreamSettings(px=16, qp=40)
SETTINGS = {
    "pinned": PINNED,
    "thinned": PINNED._replace(fps=5.0),
    "pinned, capped": PINNED._replace(link=LinkSettings(parse_schedule("8k,2s:0,4s:8k"))),
    "adapts": StreamSettings(adapt=True),
    "trace": StreamSettings(link=LinkSettings(TRACE)),
    **{cap: StreamSettings(link=LinkSettings(parse_schedule(cap), 30_000)) for cap in CAPS},
}
TABLE = load()


class Kind(Enum):
    """What goes wrong."""

    CUT = auto()  # a connection breaks; some of what was on its way still arrives
    STALL = auto()  # nothing arrives for a while, then all of it
    KILL = auto()  # the decoder is gone for a while, with all that it has not stored
    DRAIN = auto()  # the same, in order
    ANOTHER = auto()  # another encoder takes the session


class Fault(NamedTuple):
    """Of a cut: how many messages still arrive, there and back."""

    kind: Kind
    at_us: int
    for_us: int
    kept: tuple[int, int]


class Run(NamedTuple):
    """Frames alike, so far apart; the encoder's clock is set by `step_us` at the first."""

    kind: FrameKind
    frames: int
    apart_us: int
    step_us: int

    def captured(self) -> list[Captured]:
        first = Captured(self.apart_us, self.kind, self.step_us)
        return [first, *[first._replace(step_us=0)] * (self.frames - 1)]


sources = st.lists(
    st.builds(
        Run,
        st.sampled_from((FrameKind.KEYFRAME, FrameKind.NO_FACE, FrameKind.SKIPPED)),
        st.integers(1, 25),
        st.sampled_from((5_000, 40_000, 66_000, 400_000)),
        st.sampled_from((0, 0, 0, -40_000, -2 * S, 3 * S)),
    ),
    max_size=6,
)
faults = st.lists(
    st.builds(
        Fault,
        st.sampled_from((Kind.CUT, Kind.CUT, *Kind)),
        st.integers(0, 12 * S),
        st.sampled_from((100_000, S, 8 * S, 25 * S)),
        st.tuples(st.integers(0, 3), st.integers(0, 3)),
    ),
    max_size=5,
)


class Story:
    """Encoders, a decoder, and what happens to them."""

    def __init__(self, encoder: str, source: list[Run], seed: int) -> None:
        self.world = World(Random(seed))
        self.decoder = Decoder(self.world)
        self.captured = [frame for run in source for frame in run.captured()]
        self._settings = SETTINGS[encoder]._replace(table=TABLE)
        self._faults = 0
        self._last_us = 0
        self.encoders: list[Encoder] = []

    def add(self, *, backfill: bool, hurries: bool) -> None:
        self.encoders.append(
            Encoder(
                self.world, self.decoder, self._settings, self.captured,
                backfill=backfill, hurries=hurries,
            )
        )  # fmt: skip

    def will_happen(self, fault: Fault) -> None:
        def happen() -> None:
            self._faults -= 1
            self._happen(fault)

        self._faults += 1
        self._last_us = max(self._last_us, fault.at_us + fault.for_us)
        self.world.at(fault.at_us, happen)

    def _happen(self, fault: Fault) -> None:
        match fault.kind:
            case Kind.CUT:
                self.encoders[fault.kept[0] % len(self.encoders)].cut(*fault.kept)
            case Kind.STALL:
                self.world.stall(fault.for_us)
            case Kind.KILL:
                self.decoder.kill()
                self.world.later(fault.for_us, self.decoder.start)
            case Kind.DRAIN:
                self.decoder.drain()
                self.world.later(fault.for_us, self.decoder.start)
            case Kind.ANOTHER:
                self.add(backfill=True, hurries=False)

    def play(self) -> None:
        """To the end of all encoders."""
        sources_us = 2 * sum(frame.after_us for frame in self.captured)
        self.world.run(
            lambda: not self._faults and all(each.end for each in self.encoders),
            self._last_us + sources_us + END_US,
        )


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(tuple(SETTINGS)),
    sources,
    faults,
    st.booleans(),
    st.booleans(),
    st.integers(0, 2**32),
)
def test_every_stream_comes_to_its_end_with_one_sample_for_each_frame(
    encoder: str,
    source: list[Run],
    plan: list[Fault],
    backfill: bool,
    hurries: bool,
    seed: int,
) -> None:
    story = Story(encoder, source, seed)
    story.add(backfill=backfill, hurries=hurries)
    for fault in plan:
        story.will_happen(fault)
    story.play()

    series = sorted(story.decoder.series)
    assert [sample.seq for sample in series] == list(range(len(series)))
    assert any(each.end and each.end.code is EndCode.FINISHED for each in story.encoders)
    kinds = {fault.kind for fault in plan}
    if Kind.ANOTHER not in kinds:
        assert len(series) == len(story.captured)
        assert not story.decoder.undecodable, "what arrives can be decoded"
        if not backfill:  # times of what was held are those of runs that are evenly spaced
            assert all(a.captured_us <= b.captured_us for a, b in pairwise(series))
    if not plan or (backfill and not kinds & {Kind.KILL, Kind.ANOTHER}):
        assert Status.LOST not in {sample.status for sample in series}
