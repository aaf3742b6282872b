"""When to try again, and when to give up. Pure: time and randomness are arguments."""

from random import Random

FIRST_DELAY_S = 0.1
LONGEST_DELAY_S = 5.0

LONGEST_TRY_S = 60.0
"""No attempt takes longer, with the pause before it: if more time has passed, the machine slept."""


def delay_s(attempt: int, random: Random) -> float:
    """Pause before trying again after `attempt` failures without success (0, 1, 2, ...).

    Doubles up to 5 s. Half of it is random, so that a thousand subscribers of a decoder that
    restarts do not reconnect at the same moment.
    """
    longest = min(LONGEST_DELAY_S, FIRST_DELAY_S * 2.0 ** min(attempt, 16))
    return longest * random.uniform(0.5, 1.0)


class Persistence:
    """How long to go on trying: `patience_s` for a first answer, `outage_s` for a later one.

    When a machine wakes from sleep, its connection is gone and hours have passed. They do not
    count: the other end was not unreachable during them.
    """

    def __init__(self, patience_s: float, outage_s: float, now_us: int, random: Random) -> None:
        self._limit_s = patience_s
        self._outage_s = outage_s
        self._seen_us = now_us
        self._away_s = 0.0
        self._random = random
        self._attempt = 0

    def contact(self, now_us: int) -> None:
        """The other end has answered."""
        self._seen_us = now_us
        self._away_s = 0.0
        self._limit_s = self._outage_s

    def success(self) -> None:
        """An attempt succeeded: the next failure counts as a first one."""
        self._attempt = 0

    def next_delay_s(self, now_us: int) -> float | None:
        """Pause before the next try, or None where it is time to give up."""
        self._away_s += min((now_us - self._seen_us) / 1e6, LONGEST_TRY_S)
        self._seen_us = now_us
        left_s = self._limit_s - self._away_s
        if left_s <= 0:
            return None
        delay = delay_s(self._attempt, self._random)
        self._attempt += 1
        return min(delay, left_s)
