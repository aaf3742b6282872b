"""Outages shortly before the source of an encoder ends."""

import asyncio
from collections.abc import Callable
from urllib.parse import urlsplit

from narrowcast_lab.cluster.encoder import FPS, Encoder
from narrowcast_lab.relay import Relay
from narrowcast_shared.samples import Status

from .series import check, read
from .service import Service, soon

OUTAGES = 3
OUTAGE_FRAMES = FPS // 2
END_S = 90.0
"""The pauses between the last tries to connect, and some messages there and back."""


def test_behind_outages_all_is_told_as_soon_as_the_source_has_ended(decoder: Service) -> None:
    """Each outage takes a message of its own, and each waits for the one before to be heard."""

    def reaches(encoder: Encoder, seq: int) -> Callable[[], bool]:
        return lambda: encoder.acknowledged >= seq

    async def scenario() -> int:
        port = urlsplit(decoder.url).port
        assert port is not None
        async with Relay(port) as relay:
            encoder = Encoder("outages", f"http://127.0.0.1:{relay.port}")
            publishing = asyncio.create_task(encoder.run())
            for _ in range(OUTAGES):
                seq = encoder.acknowledged
                await soon(reaches(encoder, seq + OUTAGE_FRAMES), "frames are acknowledged")
                relay.is_down = True
                relay.cut()
                await asyncio.sleep(OUTAGE_FRAMES / FPS)
                relay.is_down = False
            await soon(reaches(encoder, encoder.acknowledged + 1), "the last outage is over")
            encoder.stop()
            async with asyncio.timeout(END_S):
                await publishing
            return encoder.acknowledged

    acknowledged = asyncio.run(scenario())
    samples = read(decoder.url, "outages").samples
    check(samples)
    assert len(samples) == acknowledged
    assert {sample.status for sample in samples} <= {Status.OK, Status.SKIPPED}
