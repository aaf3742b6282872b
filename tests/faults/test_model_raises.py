"""A network that raises for some chips, at first for all that come in one batch with them."""

import asyncio

from narrowcast_shared.operating_point import Rung
from narrowcast_shared.samples import Status

from .beside import going_on
from .odd_decoder import POISON_PX
from .publisher import publishing
from .series import check, read
from .service import Service

FRAMES = 40


def test_a_chip_that_the_network_fails_on_is_lost_and_no_other(
    odd_decoder: Service,
) -> None:
    poison, url = Rung(POISON_PX, 30), odd_decoder.url

    async def scenario() -> None:
        async with (
            going_on(url, "one"),
            going_on(url, "two"),
            publishing(url, "poison") as publisher,
        ):
            await publisher.play(FRAMES, 50, poison)
            await publisher.finish()

    asyncio.run(scenario())
    state, samples = read(url, "poison")
    assert state == "ended"
    check(samples)
    assert [sample.status for sample in samples] == [Status.LOST] * FRAMES
    assert "the network failed on a chip" in odd_decoder.log.read_text()
    odd_decoder.is_well()
