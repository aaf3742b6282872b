"""How late a frame may arrive where the user has not said so."""

SMALL_LATENCY_BITS, LATENCY_BITS = 4800.0, 2400.0
SMALL_LATENCY_US, MAX_LATENCY_US = (300_000.0, 400_000.0), 3_000_000.0
"""A frame may be as late as the line takes for so many bits, some four small messages; of a line
above 6 kbit/s for twice as many, within 300 to 400 ms.
"""


def default_us(capacity_bps: float) -> float:
    """The latency budget of a line of so many bit/s, from capture to arrival."""
    low, high = SMALL_LATENCY_US
    small = min(max(1e6 * SMALL_LATENCY_BITS / capacity_bps, low), high)
    return min(max(1e6 * LATENCY_BITS / capacity_bps, small), MAX_LATENCY_US)
