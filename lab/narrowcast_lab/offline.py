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
from narrowcast_shared.wire.messages import INCARNATION_BYTES, Capability, Hello

REPORT_INTERVAL_MS = 200
US_PER_MS = 1_000


class _Arrived(NamedTuple):
    frame: TakenFrame
    at_us: int


class OfflinePath:
    """One session from its first to its last frame. Times are us since the source began."""

    def __init__(
        self,
        recogniser: Recogniser,
        stream: Stream,
        session: str,
        report_interval_ms: int = REPORT_INTERVAL_MS,
        cap_bps: int | None = None,
    ) -> None:
        """cap_bps: as the HELLO has it, 0 for none; where it changes that is told, at three bytes
        a time. None where no cap is told of, and the line carries frames alone.
        """
        self._stream = stream
        self._report_us = report_interval_ms * US_PER_MS
        self._report_due_us: int | None = None
        self._receiver = Receiver()
        incarnation = os.urandom(INCARNATION_BYTES)
        can = Capability.BACKFILL if cap_bps is None else Capability.BACKFILL | Capability.CAPS
        hello = Hello(session, incarnation, 0, report_interval_ms, can, cap_bps=cap_bps or 0)
        self._connection = Connection(hello, stream)
        self._receiver.receive(self._connection.start(), 0, 0)
        self._connection.receive(self._receiver.welcome(0, None), 0, 0)
        self._session = LiveSession(session, 0, 1, 0, None)
        self._contexts = {False: RungContexts(), True: RungContexts(late=True)}
        self._next_seq = 0  # one above the highest frame that has arrived
        self._reader = FrameReader(recogniser)
        self._arrived: list[_Arrived] = []
        self.wire: list[tuple[int, int]] = []
        """(arrival in us, payload bytes) of every message, for whoever measures the wire."""
        self.reported_us: list[int] = []
        """When each report came, which the line pays an acknowledgement of TCP for."""

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
        self._deliver(ended_us)
        self._run_until(None)
        event = self._receiver.receive(self._connection.finish(), ended_us, ended_us)
        assert isinstance(event, Ended)
        self._arrived += [_Arrived(frame, ended_us) for frame in event.lost]
        yield from self._read()

    def _run_until(self, until_us: int | None) -> None:
        """Let the line and the packer's holds run on; to their end where `until_us` is None."""
        while (at_us := self._next_event_us) is not None:
            if until_us is not None and at_us > until_us:
                return
            self._deliver(at_us)

    @property
    def _next_event_us(self) -> int | None:
        times = (self._stream.next_event_us, self._report_due_us)
        return min((at_us for at_us in times if at_us is not None), default=None)

    def _deliver(self, now_us: int) -> None:
        for message in self._stream.outgoing(now_us, now_us):
            event = self._receiver.receive(message, now_us, now_us)
            assert isinstance(event, list)
            self.wire.append((now_us, len(message)))
            self._arrived += [_Arrived(frame, now_us) for frame in event]
            self._next_seq = max([self._next_seq, *(frame.seq + 1 for frame in event)])
            if self._report_due_us is None:  # at the decoder's next look, which is at intervals
                self._report_due_us = (now_us // self._report_us + 1) * self._report_us
        if self._report_due_us is not None and self._report_due_us <= now_us:
            self._report_due_us = None
            report = self._receiver.report(self._next_seq, 0, now_us)
            self._connection.receive(report, now_us, now_us)
            self.reported_us.append(now_us)

    def _read(self) -> Iterator[Sample]:
        arrived, self._arrived = self._arrived, []
        frames = [item.frame for item in arrived]
        outcomes = self._reader.read([(self._contexts[frame.late], frame) for frame in frames])
        for outcome, item in zip(outcomes, arrived, strict=True):
            yield self._session.sample(outcome, item.at_us)
        for contexts in self._contexts.values():
            wanted = contexts.keyframe_wanted
            if wanted is not None:
                now_us = arrived[-1].at_us
                request = self._receiver.request_keyframe(wanted)
                self._connection.receive(request, now_us, now_us)
