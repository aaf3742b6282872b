"""A simulated link: holds messages back as a line of a given capacity would, headers billed.

Deterministic, without I/O and without a clock of its own: the same code paces the live encoder,
offline scoring, benchmarks and tests.
"""

from narrowcast_shared.link.capacity import NEVER_US, Capacity
from narrowcast_shared.link.line import Departure, Link, LinkSettings
from narrowcast_shared.link.schedule import Schedule, Step, constant, parse_schedule
from narrowcast_shared.link.trace import Trace, read_trace

__all__ = [
    "NEVER_US",
    "Capacity",
    "Departure",
    "Link",
    "LinkSettings",
    "Schedule",
    "Step",
    "Trace",
    "constant",
    "parse_schedule",
    "read_trace",
]
