"""The reader of frames: the network meets every size of batch before it has to be quick."""

from collections.abc import Sequence
from typing import cast

import numpy as np
from numpy.typing import NDArray

from narrowcast_decoder.inference.contexts import RungContexts
from narrowcast_decoder.inference.reader import MAX_BATCH, FrameReader
from narrowcast_decoder.ingest.frames import Fate, TakenFrame
from narrowcast_models.batches import SIZES
from narrowcast_models.recogniser import CodedChip, Reading, Recogniser
from narrowcast_shared.operating_point import Rung
from narrowcast_shared.samples import Status

FRAME = TakenFrame(0, 0, Fate.CODED, 0, rung=Rung(16, 30), nals=(b"x",))


class Contexts:
    """Whatever comes is a gray chip."""

    def decode(self, frame: TakenFrame) -> NDArray[np.uint8]:
        assert frame.rung is not None
        return np.full((frame.rung.px, frame.rung.px), 128, np.uint8)


class Network:
    """Writes down how many chips it reads at a time, and fails where it is told to."""

    def __init__(self, fails_from: int = MAX_BATCH + 1) -> None:
        self.sizes: list[int] = []
        self._fails_from = fails_from

    def read(self, chips: Sequence[CodedChip]) -> list[Reading]:
        self.sizes.append(len(chips))
        if len(chips) >= self._fails_from:
            raise RuntimeError("out of memory")
        return [Reading(0.5, 0.1)] * len(chips)


def read(network: Network, chips: int) -> None:
    reader = FrameReader(cast(Recogniser, network))
    reader.warm_up()
    work = [(cast(RungContexts, Contexts()), FRAME)] * chips
    assert [outcome.status for outcome in reader.read(work)] == [Status.OK] * chips


def test_every_size_is_met_once_before_anything_is_read() -> None:
    network = Network()
    read(network, 5)
    assert sorted(network.sizes) == sorted([*SIZES, 5])
    assert network.sizes[-1] == 5


def test_a_size_that_cannot_be_read_fails_nobody() -> None:
    network = Network(fails_from=40)
    read(network, 39)
    assert sorted(network.sizes) == sorted([*SIZES, 39])
