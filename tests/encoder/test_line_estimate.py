"""A line seen through acknowledgements alone, against lines that are known."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from narrowcast_encoder.rate.bandwidth import DOWN_US, START_BPS, BandwidthEstimator, LineView
from narrowcast_shared.link import Link, parse_schedule
from narrowcast_shared.wire.cost import wire_bytes

STEP_US = 10_000
S = 1_000_000


class Sender:
    """Offers messages to a simulated line whenever the estimate says it has room for them."""

    def __init__(self, schedule: str, *, told: bool = False) -> None:
        self.link = Link(parse_schedule(schedule), delay_us=20_000)
        self.estimate = BandwidthEstimator(report_interval_us=200_000)
        self.told = told
        self.now_us = 0
        self.delays_us: list[int] = []
        self._sent: list[int] = []
        self._news: int | None = None
        self._count = 0

    def run(self, until_us: int, payload_bytes: int = 100, max_queue_us: int = 150_000) -> None:
        while self.now_us < until_us:
            if self.told:
                self.estimate.told(self.link.told_bps(self.now_us), self.now_us)
            view = self.estimate.view(self.now_us)
            if not view.down and view.queue_us <= max_queue_us:
                self.estimate.offered(wire_bytes(payload_bytes), self.now_us)
                self.link.offer(bytes(payload_bytes), self.now_us)
                self._sent.append(self.now_us)
            self.now_us += STEP_US
            self._deliver()

    def _deliver(self) -> None:
        for departure in self.link.release(self.now_us):
            self.delays_us.append(departure.at_us - self._sent[len(self.delays_us)])
            self._count += 1
            self._news = departure.at_us + 20_000
        if self._news is not None and self.now_us % 200_000 == 0:
            self.estimate.acked(self._count, self._news)
            self._count, self._news = 0, None

    @property
    def believed_bps(self) -> float:
        return self.estimate.view(self.now_us).capacity_bps


def test_nothing_is_known_at_first() -> None:
    view = BandwidthEstimator().view(0)
    assert view == LineView(START_BPS, 0, down=False, told=False)


@pytest.mark.parametrize(("kbps", "off"), [(4, 0.25), (12, 0.25), (40, 0.3), (150, 0.7)])
def test_the_capacity_is_found_from_acknowledgements(kbps: int, off: float) -> None:
    """A fast line less sharply: a few milliseconds are all that too much of it costs."""
    sender = Sender(f"{kbps}k")
    sender.run(20 * S)
    assert sender.believed_bps == pytest.approx(970 * kbps, rel=off)
    assert max(sender.delays_us[-8:]) < 600_000


def test_a_told_capacity_is_believed_at_once_and_never_exceeded() -> None:
    estimate = BandwidthEstimator()
    estimate.told(9_000, 0)
    assert estimate.view(0).capacity_bps == 9_000
    for second in range(30):  # delivered as if the line carried a hundred times as much
        estimate.offered(1_000, second * S)
        estimate.acked(1, second * S + 10_000)
    assert estimate.view(30 * S).capacity_bps == 9_000


def test_a_told_capacity_that_the_line_does_not_have_is_found_out() -> None:
    estimate, sender = BandwidthEstimator(), Sender("4k")
    sender.estimate = estimate
    estimate.told(32_000, 0)
    sender.run(20 * S)
    assert sender.believed_bps == pytest.approx(3_880, rel=0.3)


def test_a_told_fall_stretches_what_waits() -> None:
    estimate = BandwidthEstimator()
    estimate.told(8_000, 0)
    estimate.offered(500, 0)
    assert estimate.view(0).queue_us == 500_000
    estimate.told(2_000, 100_000)
    assert estimate.view(100_000).queue_us == 1_600_000


def test_a_told_outage_is_down_at_once() -> None:
    sender = Sender("12k,10s:0,88s:12k", told=True)
    sender.run(10 * S + STEP_US)
    assert sender.estimate.view(sender.now_us).down
    sender.run(89 * S)
    assert not sender.estimate.view(sender.now_us).down


def test_a_fall_is_seen_within_a_second_and_the_queue_is_short_again_in_five() -> None:
    """It may be a stall at first: no less than a third of what is usual is believed."""
    sender = Sender("32k,10s:4k")
    sender.run(10 * S, max_queue_us=100_000)
    sender.run(11 * S, max_queue_us=100_000)
    assert sender.believed_bps < 12_000
    sender.run(14 * S, max_queue_us=100_000)
    assert sender.believed_bps < 8_000
    sender.run(15 * S, max_queue_us=100_000)
    before = len(sender.delays_us)
    sender.run(30 * S, max_queue_us=100_000)
    assert max(sender.delays_us[before + 1 :]) < 600_000
    assert sender.believed_bps == pytest.approx(3_880, rel=0.3)


def test_a_told_fall_leaves_no_queue_after_two_seconds() -> None:
    sender = Sender("32k,10s:4k", told=True)
    sender.run(10 * S, max_queue_us=100_000)
    sender.run(12 * S, max_queue_us=100_000)
    before = len(sender.delays_us)
    sender.run(30 * S, max_queue_us=100_000)
    assert max(sender.delays_us[before + 1 :]) < 600_000


def test_a_rise_is_found_within_ten_seconds() -> None:
    sender = Sender("4k,10s:32k")
    sender.run(10 * S)
    assert sender.believed_bps < 6_000
    sender.run(20 * S)
    assert sender.believed_bps > 20_000


def test_a_line_that_goes_down_is_known_to_be_and_comes_back() -> None:
    sender = Sender("12k,10s:0,88s:12k")
    sender.run(10 * S)
    offered = len(sender._sent)
    sender.run(87 * S)
    assert sender.estimate.view(sender.now_us).down
    assert len(sender._sent) - offered < 12  # nearly nothing waits for its return
    sender.run(91 * S)
    assert not sender.estimate.view(sender.now_us).down
    sender.run(100 * S)
    assert sender.believed_bps == pytest.approx(11_640, rel=0.3)


def test_a_lone_small_stream_does_not_raise_the_estimate_for_ever() -> None:
    sender = Sender("1000k")
    for second in range(60):
        sender.estimate.offered(100, second * S)
        sender.estimate.acked(1, second * S + 21_000)
    assert sender.estimate.view(60 * S).capacity_bps == START_BPS


def test_a_connection_that_is_gone_takes_its_messages_with_it() -> None:
    estimate = BandwidthEstimator()
    estimate.offered(5_000, 0)
    assert estimate.view(20 * S).down
    estimate.clear()
    assert estimate.view(20 * S) == LineView()


def test_an_acknowledgement_of_nothing_changes_nothing() -> None:
    estimate = BandwidthEstimator()
    estimate.acked(3, S)
    assert estimate.view(S) == LineView()


@given(
    sizes=st.lists(st.integers(60, 1500), min_size=1, max_size=30),
    gaps_ms=st.lists(st.integers(0, 500), min_size=30, max_size=30),
)
def test_the_queue_of_a_known_line_is_what_is_still_to_be_carried(
    sizes: list[int], gaps_ms: list[int]
) -> None:
    estimate, now_us, free_us = BandwidthEstimator(), 0, 0.0
    estimate.told(10_000, 0)
    for size, gap_ms in zip(sizes, gaps_ms, strict=False):
        now_us += 1_000 * gap_ms
        free_us = max(free_us, now_us) + 8e6 * size / 10_000
        estimate.offered(size, now_us)
    waiting_us = min(free_us - now_us, DOWN_US)  # later, the first message is overdue
    if 8e6 * sizes[0] / 10_000 < now_us:
        return
    assert estimate.view(now_us).queue_us >= round(waiting_us) - 1


def test_what_is_taken_back_late_is_forgotten_and_the_line_is_free() -> None:
    estimate = BandwidthEstimator()
    estimate.told(4_000, 0)
    for now_us in (0, 3_000_000):  # the first is in the window of use no more
        estimate.offered(2_000, now_us)
    estimate.occupied(52, 3_100_000)
    assert estimate.view(3_200_000).queue_us > 1_000_000
    estimate.withdrawn(2, 3_200_000)
    assert estimate.view(3_200_000).queue_us == 0
    estimate.offered(100, 3_200_000)
    estimate.acked(1, 3_500_000)
    assert estimate.view(3_500_000).queue_us == 0
