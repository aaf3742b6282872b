"""What is told when, in simulated time: how long a keyframe is waited for."""

from narrowcast_decoder.inference.contexts import RungContexts
from narrowcast_decoder.ingest.live import LiveSession
from narrowcast_decoder.ingest.receiver import Receiver
from narrowcast_decoder.ingest.reports import Reports
from narrowcast_shared.wire.messages import KeyframeRequest
from narrowcast_shared.wire.serial import parse

INTERVAL_US = 100_000
S = 1_000_000
EPOCH_7 = KeyframeRequest(7)


class Asked:
    """Reports of a connection on which nothing comes, and when they asked for a keyframe."""

    def __init__(self) -> None:
        self.contexts = RungContexts()
        self._receiver = Receiver()
        self._reports = Reports(
            self._receiver, LiveSession("a", 0, 1, 0, None), [self.contexts], INTERVAL_US
        )
        self.at_s: list[float] = []

    def run(self, start_us: int, end_us: int) -> None:
        for now_us in range(start_us, end_us, INTERVAL_US):
            told = [parse(message) for message in self._reports.tell(now_us)]
            self.at_s += [now_us / S] * told.count(EPOCH_7)


def test_what_does_not_come_is_asked_for_ever_more_rarely() -> None:
    asked = Asked()
    asked.contexts.keyframe_wanted = EPOCH_7
    asked.run(0, 60 * S)
    assert asked.at_s == [0, 1, 3, 7, 15, 31, 47]


def test_the_next_one_that_is_missing_is_asked_for_at_once() -> None:
    asked = Asked()
    asked.contexts.keyframe_wanted = EPOCH_7
    asked.run(0, 10 * S)
    asked.contexts.keyframe_wanted = None
    asked.run(10 * S, 11 * S)
    asked.contexts.keyframe_wanted = EPOCH_7
    asked.run(11 * S, 13 * S)
    assert asked.at_s == [0, 1, 3, 7, 11, 12]
