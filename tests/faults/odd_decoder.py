"""`narrowcast serve` with a fault inside: a network that fails, and a clock that is set.

    python odd_decoder.py serve ...

A batch with a chip of `POISON_PX` makes the network raise. SIGUSR1 sets Unix time an hour forward,
SIGUSR2 an hour back, as an administrator would; the monotonic clock goes on.
"""

import signal
import sys
import time
from collections.abc import Sequence

from narrowcast_models.recogniser import CodedChip, Reading
from narrowcast_models.recogniser.onnx_backend import OnnxRecogniser
from narrowcast_shared import command_line

POISON_PX = 16
STEP_S = 3600

read = OnnxRecogniser.read
time_ns = time.time_ns


def read_or_raise(recogniser: OnnxRecogniser, chips: Sequence[CodedChip]) -> list[Reading]:
    if any(chip.coding.px == POISON_PX for chip in chips):
        raise RuntimeError("a chip that the network cannot take")
    return read(recogniser, chips)


class WallClock:
    """Unix time as this process has it."""

    ahead_s = 0

    def step(self, number: int, _: object) -> None:
        self.ahead_s += STEP_S if number == signal.SIGUSR1 else -STEP_S

    def time_ns(self) -> int:
        return time_ns() + self.ahead_s * 1_000_000_000


if __name__ == "__main__":
    clock = WallClock()
    signal.signal(signal.SIGUSR1, clock.step)
    signal.signal(signal.SIGUSR2, clock.step)
    time.time_ns = clock.time_ns
    time.time = lambda: clock.time_ns() / 1e9
    OnnxRecogniser.read = read_or_raise  # type: ignore[method-assign]
    sys.exit(command_line.main())
