"""Clocks that are set: the encoder's, as the wire shows it, and the decoder's own."""

import asyncio
import signal
from pathlib import Path

import pytest

from narrowcast_client import subscribe
from narrowcast_lab import processes
from narrowcast_shared.samples import Sample, Status
from narrowcast_shared.wire.messages import MAX_COUNT

from .odd_decoder import STEP_S
from .publisher import RUNG, Publisher, publishing
from .series import check, read
from .service import Service, soon


def in_order(samples: list[Sample], frames: int) -> None:
    assert [sample.id for sample in samples] == list(range(1, frames + 1))
    assert [sample.seq for sample in samples] == list(range(frames))
    assert {sample.status for sample in samples} == {Status.OK}


async def followed(url: str, session: str) -> list[Sample]:
    return [sample async for sample in subscribe(url, session, wait=True)]


def test_capture_times_that_jump_leave_the_series_in_order(decoder: Service) -> None:
    """Up to the last tick there is, and back to the first."""
    jumps = [0, 400, MAX_COUNT - 1, 0, 36_000_000, 35_999_600, 1, MAX_COUNT // 2, 800]

    async def jump(publisher: Publisher) -> None:
        for ticks in jumps:
            await publisher.send([publisher.next_frame()._replace(ticks=ticks)], RUNG)
        await publisher.finish()

    async def scenario() -> list[Sample]:
        async with publishing(decoder.url, "jumps") as publisher:
            following = asyncio.create_task(followed(decoder.url, "jumps"))
            await jump(publisher)
        return await asyncio.wait_for(following, 90)

    seen = asyncio.run(scenario())
    in_order(seen, len(jumps))
    start_t = seen[0].t
    assert [sample.t - start_t for sample in seen] == pytest.approx(
        [ticks / 10_000 for ticks in jumps], abs=0.01
    )


def test_a_decoder_whose_clock_is_set_goes_on(odd_decoder: Service, folder: Path) -> None:
    """1. Its clock jumps. 2. The encoder says by how much. 3. Latencies are true again."""
    decoder = odd_decoder
    arguments = ["encode", "sample", "--loop", "--to", decoder.url, "--session", "cam"]
    with processes.narrowcast(arguments, folder / "encoder.log") as encoder:
        asyncio.run(soon(lambda: decoder.samples("cam") >= 20, "frames come"))
        for step in (signal.SIGUSR1, signal.SIGUSR2):
            before = decoder.samples("cam")
            decoder.process.send_signal(step)
            asyncio.run(soon(lambda n=before: settled(decoder, n), "latencies are true"))  # type: ignore[misc]
        encoder.terminate()
        assert encoder.wait(90) == 0
    state, samples = read(decoder.url, "cam")
    assert state == "ended"
    check(samples)
    assert Status.LOST not in {sample.status for sample in samples}
    latencies_ms = [sample.latency_ms or 0 for sample in samples]
    assert max(latencies_ms) > STEP_S * 1000 / 2, "it was set"
    decoder.is_well()


def settled(decoder: Service, before: int) -> bool:
    """Whether the last ten frames were told to be as old as they may be, some time after."""
    _, samples = read(decoder.url, "cam")
    newest = [sample.latency_ms or 0 for sample in samples[-10:]]
    return len(samples) >= before + 20 and all(-1000 < each < 5000 for each in newest)
