"""The reader of frames: what is read, in what batches, and what need not be read again."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from narrowcast_decoder.inference.contexts import RungContexts
from narrowcast_decoder.inference.reader import MAX_BATCH, FrameReader, Outcome
from narrowcast_decoder.ingest.frames import Fate, TakenFrame
from narrowcast_models.recogniser import CodedChip, Precision, Reading, Recogniser
from narrowcast_shared.codec import ChipEncoder
from narrowcast_shared.operating_point import Rung
from narrowcast_shared.samples import Status

RUNG = Rung(32, 30)


class Network(Recogniser):
    """Writes down what it reads at a time, and fails where it is told to."""

    def __init__(self, fails_from: int = MAX_BATCH + 1) -> None:
        self.batches: list[list[NDArray[np.uint8]]] = []
        self._fails_from = fails_from

    def read(self, chips: Sequence[CodedChip]) -> list[Reading]:
        self.batches.append([chip.pixels for chip in chips])
        if len(chips) >= self._fails_from:
            raise RuntimeError("out of memory")
        return [Reading(float(chip.pixels.mean()) / 255, 0.1) for chip in chips]


def coded(chips: Sequence[NDArray[np.uint8]], fate: Fate = Fate.CODED) -> list[TakenFrame]:
    """The frames of a stream: a keyframe, then P frames."""
    encoder = ChipEncoder(RUNG)
    return [
        TakenFrame(seq, seq * 40_000, fate, 0, rung=RUNG, nals=encoder.encode(chip).nals)
        for seq, chip in enumerate(chips)
    ]


def face(seed: int) -> NDArray[np.uint8]:
    rng = np.random.default_rng(seed)
    return np.kron(rng.integers(40, 220, (4, 4), np.uint8), np.ones((8, 8), np.uint8))


AT_REST = [face(1), face(1), face(1), face(2), face(2), face(1)]
"""x264 sends P frames that change nothing, once the keyframe has been refined, if at all."""


def read(reader: FrameReader, frames: Sequence[TakenFrame]) -> list[Outcome]:
    contexts = RungContexts()
    return reader.read([(contexts, frame) for frame in frames])


def test_a_picture_that_did_not_change_is_not_read_again() -> None:
    network = Network()
    outcomes = read(FrameReader(network), coded([face(1)] * 12))
    (batch,) = network.batches
    assert len(batch) < 12
    assert sum(outcome.reused for outcome in outcomes) == 12 - len(batch)
    assert not outcomes[0].reused
    assert {outcome.status for outcome in outcomes} == {Status.OK}


@pytest.mark.parametrize("rounds", [lambda n: [n], lambda n: [1] * n, lambda n: [2] * (n // 2)])
def test_estimates_are_those_of_reading_every_frame(rounds: Callable[[int], list[int]]) -> None:
    """In one round or in many: reuse changes no number."""
    frames = coded([*AT_REST, *AT_REST])
    contexts, plain = RungContexts(), RungContexts()
    reader, network, got = FrameReader(Network()), Recogniser.load("oa", Precision.FLOAT32), []
    wanted = [network.read([plain.picture(frame).chip])[0] for frame in frames]  # type: ignore[union-attr]
    reader = FrameReader(network)
    start = 0
    for count in rounds(len(frames)):
        work = [(contexts, frame) for frame in frames[start : start + count]]
        got += [outcome.reading for outcome in reader.read(work)]
        start += count
    assert None not in got
    assert np.array(got) == pytest.approx(np.array(wanted), abs=1e-5)


def test_contexts_share_no_estimate() -> None:
    """Two sessions of one face, and DATA and LATE of one, are read each for itself."""
    network = Network()
    frames = coded([face(1)])
    FrameReader(network).read([(RungContexts(), frames[0]), (RungContexts(late=True), frames[0])])
    assert [len(batch) for batch in network.batches] == [2]


def test_what_was_shed_is_read_when_it_is_shown_again() -> None:
    """A shed frame is decoded only: the picture has no estimate yet."""
    network, contexts = Network(), RungContexts()
    reader, frames = FrameReader(network), coded([face(1)] * 12)
    shed = [frame._replace(fate=Fate.SHED) for frame in frames[:-1]]
    outcomes = reader.read([(contexts, frame) for frame in [*shed, frames[-1]]])
    assert [outcome.status for outcome in outcomes] == [Status.SKIPPED] * 11 + [Status.OK]
    assert [len(batch) for batch in network.batches] == [1]
    assert not any(outcome.reused for outcome in outcomes)


def test_a_picture_that_could_not_be_read_is_tried_again() -> None:
    contexts, frames = RungContexts(), coded([face(1)] * 12)
    lost = FrameReader(Network(fails_from=1)).read([(contexts, frame) for frame in frames[:11]])
    assert {outcome.status for outcome in lost} == {Status.LOST}
    (outcome,) = FrameReader(Network()).read([(contexts, frames[11])])
    assert outcome.status is Status.OK
    assert not outcome.reused


def test_frames_without_a_face_are_not_reused() -> None:
    frames = [TakenFrame(seq, 0, fate, 0) for seq, fate in enumerate((Fate.NO_FACE, Fate.LOST))]
    outcomes = read(FrameReader(Network()), frames)
    assert [outcome.status for outcome in outcomes] == [Status.NO_FACE, Status.LOST]
    assert not any(outcome.reused for outcome in outcomes)
