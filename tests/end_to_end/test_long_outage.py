"""An outage of more frames than a gap may have: the encoder's protocol against the decoder's."""

import pytest

from narrowcast_decoder.ingest import gaps
from narrowcast_decoder.ingest.frames import Fate
from narrowcast_decoder.ingest.receiver import Ended, Receiver
from narrowcast_encoder.session import long_gap
from narrowcast_encoder.session.connection import Connection
from narrowcast_encoder.session.settings import StreamSettings, make_stream
from narrowcast_shared.wire.messages import Capability, Hello

MAX_GAP = 50
FRAME_US = 40_000


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hours take their time."""
    for module in (gaps, long_gap):
        monkeypatch.setattr(module, "MAX_GAP", MAX_GAP)
    monkeypatch.setattr(gaps, "MAX_OWED", MAX_GAP)


class Played:
    """A stream whose decoder stores all that comes, at once."""

    def __init__(self, capabilities: Capability) -> None:
        self.stream = make_stream(StreamSettings(px=16, qp=40), 0)
        self.hello = Hello("cam", bytes(8), 0, 200, capabilities)
        self.now_us = 0
        self.stored: dict[int, Fate] = {}

    def connect(self) -> None:
        self.connection, self.receiver = Connection(self.hello, self.stream), Receiver()
        self._take(self.connection.start())
        next_seq = max(self.stored, default=-1) + 1
        welcome = self.receiver.welcome(next_seq, self.now_us if self.stored else None)
        self.connection.receive(welcome, self.now_us, self.now_us)

    def capture(self, frames: int) -> None:
        for _ in range(frames):
            self.now_us += FRAME_US
            self.stream.frame(None, self.now_us, self.now_us)
            self.send()

    def send(self) -> None:
        for message in self.stream.outgoing(self.now_us, self.now_us):
            self._take(message)
            report = self.receiver.report(max(self.stored) + 1, 0, self.now_us)
            self.connection.receive(report, self.now_us, self.now_us)

    def finish(self) -> None:
        self.stream.flush(self.now_us)
        self.send()
        while not self.stream.is_told:
            self.now_us += FRAME_US
            self.send()
        self._take(self.connection.finish())

    def _take(self, message: bytes) -> None:
        event = self.receiver.receive(message, self.now_us, self.now_us)
        taken = event.lost if isinstance(event, Ended) else event
        for frame in taken if isinstance(taken, list) else ():
            assert frame.seq not in self.stored
            self.stored[frame.seq] = frame.fate


@pytest.mark.parametrize("ends", [False, True])
@pytest.mark.parametrize("frames", [MAX_GAP - 10, MAX_GAP + 10, 5 * MAX_GAP])
@pytest.mark.parametrize("capabilities", [Capability.NONE, Capability.BACKFILL])
def test_the_stream_goes_on_and_every_frame_is_told_once(
    capabilities: Capability, frames: int, *, ends: bool
) -> None:
    """ends: the source ends before there is a line again."""
    played = Played(capabilities)
    played.connect()
    played.capture(40)
    played.connection.lost()
    played.capture(frames)
    played.connect()
    if not ends:
        played.capture(100)
    played.finish()
    count = played.stream.next_seq
    assert sorted(played.stored) == list(range(count))
    if capabilities:
        known = [seq for seq, fate in played.stored.items() if fate is not Fate.LOST]
        assert len(known) >= min(count, MAX_GAP)
