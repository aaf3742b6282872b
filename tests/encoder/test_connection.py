"""The encoder's side of a connection: what both ends can, and when the clocks are told of."""

import pytest

from narrowcast_encoder.session.connection import CLOCK_STEP_US, Connection
from narrowcast_encoder.session.settings import StreamSettings, make_stream
from narrowcast_encoder.session.stream import Stream
from narrowcast_shared.link import LinkSettings, parse_schedule
from narrowcast_shared.wire.cost import IP_TCP_BYTES, wire_bytes
from narrowcast_shared.wire.messages import Capability, Clock, Data, Hello, Report, Welcome
from narrowcast_shared.wire.serial import parse, serialise

ALL = Capability.CLOCK | Capability.BACKFILL | Capability.CAPS
HELLO = Hello("a", b"12345678", 0, 200, ALL)


class Talk:
    """A connection whose decoder acknowledges each message over a round trip of its own."""

    def __init__(self, capabilities: Capability = ALL, cap: str = "1M") -> None:
        settings = StreamSettings(px=16, qp=40, link=LinkSettings(parse_schedule(cap)))
        self.stream: Stream = make_stream(settings, 0)
        self.connection = Connection(HELLO._replace(cap_bps=1_000_000), self.stream)
        self.connection.start()
        welcome = serialise(Welcome(0, 65_535, capabilities))
        self.connection.receive(welcome, 0, 0)
        self.now_us = 0
        self.messages = 0

    def report(self, offset_us: int, round_trip_us: int) -> list[Clock]:
        """One message and its acknowledgement, by a decoder whose clock is so far ahead; what is
        said to that.
        """
        self.stream.skip(self.now_us, self.now_us)
        while not self.stream.outgoing(self.now_us, self.now_us):
            self.now_us += 10_000
        self.messages += 1
        received_us = self.now_us + round_trip_us // 2 + offset_us
        self.now_us += round_trip_us
        report = serialise(Report(0, 0, self.messages, 0, received_us, 0, 0))
        said = map(parse, self.connection.receive(report, self.now_us, self.now_us))
        return [message for message in said if isinstance(message, Clock)]


def test_the_first_estimate_is_told_however_small() -> None:
    talk = Talk()
    assert talk.report(0, 40_000) == [Clock(0, 40_000)]
    assert talk.report(0, 40_000) == []


def test_an_offset_that_has_moved_is_told() -> None:
    """Once the old ones, of less round trip, are forgotten."""
    talk = Talk()
    talk.report(0, 2000)
    far = [talk.report(2 * CLOCK_STEP_US, 2000) for _ in range(17)]
    assert [clock for told in far for clock in told] == [Clock(2 * CLOCK_STEP_US, 2000)]


def test_an_estimate_that_is_twice_as_good_is_told() -> None:
    talk = Talk()
    assert talk.report(0, 400_000) == [Clock(0, 400_000)]
    assert talk.report(0, 300_000) == []
    assert talk.report(0, 100_000) == [Clock(0, 100_000)]
    assert talk.report(0, 90_000) == []


def test_clocks_are_told_of_to_those_alone_who_use_them() -> None:
    assert Talk(Capability.BACKFILL).report(10**9, 1000) == []


def test_nothing_comes_behind_the_end() -> None:
    """The decoder's last report comes behind it, and may be the first that tells of the clocks."""
    talk = Talk()
    talk.stream.skip(0, 0)
    talk.stream.flush(0)
    while not talk.stream.is_told:
        talk.now_us += 10_000
        talk.stream.outgoing(talk.now_us, talk.now_us)
    talk.connection.finish()
    report = serialise(Report(1, 1, 1, 0, talk.now_us, 0, 0))
    assert talk.connection.receive(report, talk.now_us, talk.now_us) == []


def test_what_is_said_of_clocks_is_billed() -> None:
    """It does not wait for the line, but what comes after it does."""
    talk = Talk(cap="8k")
    talk.report(0, 40_000)
    line = talk.stream._uplink._link
    said_bytes = wire_bytes(len(serialise(Clock(0, 40_000))))
    assert line._owed_bytes == IP_TCP_BYTES + said_bytes


@pytest.mark.parametrize(("theirs", "told"), [(ALL, [32_000]), (ALL & ~Capability.CAPS, [])])
def test_caps_are_told_where_both_ends_can(theirs: Capability, told: list[int]) -> None:
    talk = Talk(theirs, cap="32k")
    talk.stream.skip(0, 0)
    talk.stream.flush(0)
    found: list[int] = []
    for now_us in range(0, 2_000_000, 10_000):
        for message in talk.stream.outgoing(now_us, now_us):
            data = parse(message)
            assert isinstance(data, Data)
            found += [] if data.cap_bps is None else [data.cap_bps]
    assert found == told
