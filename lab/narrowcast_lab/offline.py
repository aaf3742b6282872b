"""The whole path in one process under a virtual clock: chips in, samples out.

    chip -> Stream -> bytes -> Receiver -> FrameReader -> sample

The very objects of the live path, without sockets and threads, in capture order; the simulated
link decides when each message arrives, its time 0 being the first frame's clock. What it says of
a frame, the live path says of it too.
"""

import os
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from narrowcast_decoder.inference.contexts import RungContexts
from narrowcast_decoder.inference.reader import MAX_BATCH, FrameReader
from narrowcast_decoder.ingest.frames import TakenFrame
from narrowcast_decoder.ingest.live import LiveSession
from narrowcast_decoder.ingest.receiver import Ended, Receiver
from narrowcast_encoder.session.connection import Connection
from narrowcast_encoder.session.stream import Stream
from narrowcast_models.recogniser import Recogniser
from narrowcast_shared.samples import Sample
from narrowcast_shared.wire.messages import INCARNATION_BYTES, Hello

REPORT_INTERVAL_MS = 200


class _Arrived(NamedTuple):
    frame: TakenFrame
    at_us: int


class OfflinePath:
    """One session from its first to its last frame. Times are us since the source began."""

    def __init__(self, recogniser: Recogniser, stream: Stream, session: str) -> None:
        self._stream = stream
        self._receiver = Receiver()
        hello = Hello(session, os.urandom(INCARNATION_BYTES), 0, REPORT_INTERVAL_MS)
        self._connection = Connection(hello, stream)
        self._receiver.receive(self._connection.start(), 0, 0)
        self._connection.receive(self._receiver.welcome(0, None), 0)
        self._session = LiveSession(session, 0, 1, 0, None)
        self._contexts = RungContexts()
        self._reader = FrameReader(recogniser)
        self._arrived: list[_Arrived] = []
        self.wire: list[tuple[int, int]] = []
        """(arrival in us, payload bytes) of every message, for whoever measures the wire."""

    def frame(self, chip: NDArray[np.uint8] | None, captured_us: int) -> Iterator[Sample]:
        """One captured frame; yields what samples have become ready."""
        self._run_until(captured_us)
        self._stream.frame(chip, captured_us, captured_us)
        self._deliver(captured_us)
        if len(self._arrived) >= MAX_BATCH:
            yield from self._read()

    def finish(self, ended_us: int) -> Iterator[Sample]:
        """The source has ended; yields the samples that are left."""
        self._stream.flush(ended_us)
        self._run_until(None)
        event = self._receiver.receive(self._connection.finish(), ended_us, ended_us)
        assert isinstance(event, Ended)
        self._arrived += [_Arrived(frame, ended_us) for frame in event.lost]
        yield from self._read()

    def _run_until(self, until_us: int | None) -> None:
        """Let the line and the packer's holds run on; to their end where `until_us` is None."""
        while (at_us := self._stream.next_event_us) is not None:
            if until_us is not None and at_us > until_us:
                return
            self._deliver(at_us)

    def _deliver(self, now_us: int) -> None:
        messages = self._stream.outgoing(now_us, now_us)
        for message in messages:
            event = self._receiver.receive(message, now_us, now_us)
            assert isinstance(event, list)
            self.wire.append((now_us, len(message)))
            self._arrived += [_Arrived(frame, now_us) for frame in event]
        if messages:
            self._connection.receive(self._receiver.report(0, 0, now_us), now_us)

    def _read(self) -> Iterator[Sample]:
        arrived, self._arrived = self._arrived, []
        outcomes = self._reader.read([(self._contexts, item.frame) for item in arrived])
        for outcome, item in zip(outcomes, arrived, strict=True):
            yield self._session.sample(outcome, item.at_us)
        epoch = self._contexts.keyframe_wanted
        if epoch is not None:
            self._connection.receive(self._receiver.request_keyframe(epoch), 0)
