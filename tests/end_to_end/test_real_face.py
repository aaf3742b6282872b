"""Valence of real faces through the whole path, with nothing but what packages carry.

The source `sample` shows a man who talks, who reads below 0, and a woman who smiles, near +.9.
"""

import asyncio
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from statistics import fmean

import pytest

from narrowcast_client import subscribe
from narrowcast_encoder.client import StreamSettings, publish
from narrowcast_encoder.crop import ChipMaker
from narrowcast_encoder.detection import make_detector
from narrowcast_encoder.session.settings import make_stream, report_interval_ms
from narrowcast_encoder.sources import CapturedFrame, open_source
from narrowcast_lab import processes
from narrowcast_lab.offline import OfflinePath
from narrowcast_models.recogniser import Recogniser
from narrowcast_shared.link import LinkSettings
from narrowcast_shared.link.schedule import parse_schedule
from narrowcast_shared.samples import Sample, Status

from .series import check, read

CLIP_FRAMES = 120
CYCLE_FRAMES = 2 * CLIP_FRAMES
CYCLES = 2

Score = Callable[[StreamSettings, int], list[Sample]]


@pytest.fixture(scope="module")
def frames() -> list[CapturedFrame]:
    with open_source("sample", loop=True) as source:
        return list(islice(source, CYCLES * CYCLE_FRAMES))


@pytest.fixture(scope="module")
def score(frames: list[CapturedFrame]) -> Score:
    """Scores so many of the frames, as `narrowcast score` does."""
    maker, recogniser = ChipMaker(make_detector()), Recogniser.load("oa")
    chips = [maker.chip(frame.image) for frame in frames]

    def scored(settings: StreamSettings, count: int) -> list[Sample]:
        stream, interval_ms = make_stream(settings, 0), report_interval_ms(settings)
        path = OfflinePath(recogniser, stream, "sample", interval_ms)
        times_us = [round(1e6 * frame.t_s) for frame in frames[:count]]
        samples: list[Sample] = []
        for chip, at_us in zip(chips, times_us, strict=False):
            samples += path.frame(chip, at_us)
        samples += path.finish(times_us[-1])
        return sorted(samples, key=lambda sample: sample.seq)

    return scored


def valences(samples: list[Sample]) -> list[float]:
    return [sample.valence for sample in samples if sample.valence is not None]


@pytest.mark.parametrize("cap", [None, "16k"])
def test_the_demo_s_estimate_changes_sides_in_every_cycle(cap: str | None, score: Score) -> None:
    link = LinkSettings(None if cap is None else parse_schedule(cap))
    samples = score(StreamSettings(link=link), CYCLES * CYCLE_FRAMES)
    for begin in range(0, len(samples), CYCLE_FRAMES):
        man = valences(samples[begin : begin + CLIP_FRAMES])
        woman = valences(samples[begin + CLIP_FRAMES : begin + CYCLE_FRAMES])
        assert min(len(man), len(woman)) >= 10
        assert fmean(man) < 0
        assert min(man) < -0.1
        assert fmean(woman) > 0.5
        assert max(woman) > 0.8


def test_a_real_face_over_a_real_connection_reads_as_offline(
    frames: list[CapturedFrame], score: Score, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each frame is given once the one before it was read, and no wait is taken for an outage: the
    stream is the same on any machine. A very busy decoder may leave frames unread; it decodes them.
    """
    monkeypatch.setattr("narrowcast_encoder.rate.bandwidth.DOWN_US", 3_600_000_000)
    settings = StreamSettings(px=32, qp=30)
    offline = score(settings, CYCLE_FRAMES)
    with processes.decoder(tmp_path) as url:
        asyncio.run(_publish_in_lockstep(url, frames[:CYCLE_FRAMES], settings))
        state, live = read(url, "faces")
    assert state == "ended"
    check(live)
    assert {sample.status for sample in live} <= {Status.OK, Status.SKIPPED}
    both = [pair for pair in zip(live, offline, strict=True) if pair[0].status is Status.OK]
    assert len(both) > CYCLE_FRAMES / 2
    for here, there in both:
        assert here.valence == pytest.approx(there.valence, abs=1e-3)
        assert here.sigma == pytest.approx(there.sigma, abs=1e-3)
    assert fmean(valences(live[:CLIP_FRAMES])) < 0
    assert min(valences(live[CLIP_FRAMES + 5 :])) > 0.5


async def _publish_in_lockstep(
    url: str, frames: list[CapturedFrame], settings: StreamSettings
) -> None:
    samples = subscribe(url, "faces", wait=True)
    async with publish(url, "faces", settings=settings) as encoder:
        began_t = time.time()
        for frame in frames:
            await encoder.frame(frame.image, began_t + frame.t_s)
            await asyncio.wait_for(anext(samples), 60)
    await samples.aclose()
