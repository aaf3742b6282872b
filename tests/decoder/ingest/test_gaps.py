"""Gaps: their frames as lost ones."""

from hypothesis import given
from hypothesis import strategies as st

from narrowcast_decoder.ingest.frames import Fate, Line, TakenFrame
from narrowcast_decoder.ingest.gaps import Gap, fill

US = st.integers(0, 1 << 53)
GAPS = st.builds(
    lambda first, frames, start_us, end_us: Gap(first, first + frames, start_us, end_us),
    st.integers(0, 1 << 42),
    st.integers(-3, 40),
    US,
    US,
)


@given(st.lists(GAPS, max_size=3), st.none() | st.integers(1, 1 << 40))
def test_every_frame_is_lost_at_its_time(gaps: list[Gap], cap_bps: int | None) -> None:
    lost = fill(gaps, Line(8_000, cap_bps))
    assert lost == [
        TakenFrame(seq, gap.at_us(seq), Fate.LOST, 8_000, cap_bps=cap_bps)
        for gap in gaps
        for seq in range(gap.next_seq, gap.end_seq)
    ]


def test_they_are_spaced_evenly_between_their_neighbours() -> None:
    lost = fill([Gap(7, 10, 1_000, 1_040)], Line())
    assert [(frame.seq, frame.captured_us) for frame in lost] == [(7, 1010), (8, 1020), (9, 1030)]
