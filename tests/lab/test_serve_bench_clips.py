"""Clips for a load: of the rung that is asked for, playable again and again."""

import numpy as np

from narrowcast_lab import serve_bench_clips
from narrowcast_shared.codec import ChipDecoder
from narrowcast_shared.operating_point import Rung

RUNG = Rung(24, 30)


def test_a_clip_decodes_to_moving_chips_twice_over() -> None:
    (clip, other) = serve_bench_clips.make(RUNG, 10, 2, 30)
    assert clip != other
    assert [unit.keyframe for unit in clip] == [True] + [False] * 29
    decoder = ChipDecoder(RUNG.px)
    chips = [decoder.decode(unit.nals) for _ in range(2) for unit in clip]
    assert np.array_equal(chips[:30], chips[30:])
    assert len({chip.tobytes() for chip in chips}) > 15, "the faces move"
    assert np.std(chips[0]) > 20, "there is something to see"


def test_clips_are_the_same_every_time() -> None:
    assert serve_bench_clips.make(RUNG, 10, 1, 10) == serve_bench_clips.make(RUNG, 10, 1, 10)


def test_mean_bytes() -> None:
    (clip,) = serve_bench_clips.make(RUNG, 10, 1, 2)
    assert serve_bench_clips.mean_bytes([clip]) == sum(len(n) for u in clip for n in u.nals) / 2
