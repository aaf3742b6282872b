"""When a rung that still fits is left for a better one: rent or buy. Holds no clock.

Coming back to a warm context costs 2 to 4 P frames, opening a cold one 10, and for so long the
line carries nothing else. So the rung in force is kept until staying has cost as much as that
switch will: soon where much is to be gained, late where little is, and never for what comes and
goes. (The rule is at most twice as dear as knowing the future: Karlin et al. 1988, "Competitive
snoopy caching".)
"""

US_PER_S = 1_000_000

PRICE_PER_S = 0.5
"""What a second in which the line carries a keyframe costs, in shares of the CCC times seconds."""

PROOF_US = 3_000_000
"""A rung that costs more has to be the better one for so long in any case."""

MAX_ELAPSED_S = 1.0
"""Between two looks; reviews are closer together unless frames had no face meanwhile."""


class Loyalty:
    """What staying at a rung has cost so far; less again while it is the best one."""

    def __init__(self) -> None:
        self._lost = 0.0
        self._seen_us: int | None = None
        self._better_since_us: int | None = None

    def reset(self) -> None:
        """Another rung is in force, or nothing holds this one."""
        self._lost = 0.0
        self._seen_us = self._better_since_us = None

    def leaves(self, gain: float, key_s: float, now_us: int, *, dearer: bool) -> bool:
        """Whether to leave now.

        gain: what the best other rung keeps more than this one, negative where this one is better.
        key_s: how long the line is taken by the other's keyframe. dearer: whether it costs more.
        """
        elapsed_s = 0.0 if self._seen_us is None else (now_us - self._seen_us) / US_PER_S
        self._seen_us = now_us
        self._lost = max(0.0, self._lost + gain * min(elapsed_s, MAX_ELAPSED_S))
        if gain <= 0:
            self._better_since_us = None
            return False
        if self._better_since_us is None:
            self._better_since_us = now_us
        proved = not dearer or now_us - self._better_since_us >= PROOF_US
        return proved and self._lost >= PRICE_PER_S * key_s
