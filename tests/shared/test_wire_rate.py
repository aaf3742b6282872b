"""The wire rate that samples report: two seconds, headers counted."""

from narrowcast_shared.wire_rate import WireRateMeter


def test_a_steady_stream_reads_as_its_rate() -> None:
    meter = WireRateMeter()
    for index in range(100):  # 42 B of payload, 100 B on the line, every 40 ms: 20 kbit/s
        meter.add(42, index * 40_000)
    assert meter.bps(99 * 40_000) == 20_000


def test_what_is_older_than_two_seconds_no_longer_counts() -> None:
    meter = WireRateMeter()
    meter.add(42, 0)
    assert meter.bps(1_999_999) == 400
    assert meter.bps(2_000_000) == 0
