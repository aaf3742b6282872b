"""The control law: the rung that keeps most of valence on this line, and as many frames a second
as their bytes allow. docs/rate.md.

The rung follows the line's capacity, by the operating table, corrected by what this face costs.
Frames are coded as a leaky bucket has room for their bytes. As many share a message as arrive
within the latency budget, where headers would otherwise take frames away.
"""

import logging
import math
from typing import NamedTuple

from narrowcast_encoder.rate.bandwidth import LineView
from narrowcast_encoder.rate.controller import (
    BACKFILL_SHARE,
    Decision,
    Observation,
    default_latency_us,
    head_bytes,
    message_us,
)
from narrowcast_encoder.rate.frame_selection import (
    ByteBudget,
    CutDetector,
    FrameThinner,
    SourceRate,
)
from narrowcast_encoder.rate.table import EMPTY_BYTES, Row, Table
from narrowcast_shared.operating_point import (
    MAX_FPS,
    MAX_FRAMES_PER_MESSAGE,
    OperatingPoint,
    Rung,
)
from narrowcast_shared.wire.cost import ENTRY_HEAD_BYTES, IP_TCP_BYTES, RUN_BYTES

logger = logging.getLogger(__name__)

US_PER_S = 1_000_000

MESSAGE_SHARE = 0.85
"""Of the latency budget that a message may take on an idle line: messages differ in size."""

GATE_SHARE = 0.85
"""Of the budget beyond which no message is begun behind what the line is booked for."""

CUT_GATE_SHARE = 0.7
"""The same of a frame with another picture, without its own time: until it is there, all that is
held is wrong."""

SLACK_US = 20_000
"""Of bytes in the bucket that do not hold a frame up: half the interval of a camera."""

SPEND_SHARE = 0.95
"""Of the capacity of a line that is known: frames differ in size."""

SPEND_FOUND_SHARE = 0.8
"""Of what a line was found to carry, which may be less the next moment."""

HEADROOM = 0.3
"""Of a line that may vary, left free where frames can share headers: a queue keeps frames out."""

FULL_SHARE = 1.2
"""A message is full at this many times its expected bytes: a frame after a cut goes at once."""

REVIEW_US = 200_000
FALLEN = 0.9
"""Share of the reviewed capacity below which a review does not wait."""

COST_EXPONENT = 0.5
"""A face that costs c < 1 times the table's is coded as the table says for c to the power of minus
this times the capacity: between the rung of a usual face and that of as many frames a second."""

DEAR = 3.0
"""Up to so many times the table's cost a face keeps its rung and has fewer frames: moving faces
differ by that much, and lose more by coarser frames (docs/experiments.md)."""

COST_RANGE = (0.1, 10.0)
COST_MEMORY_S = 3.0
PRIOR_FRAMES = 4
"""What was believed before counts as so many frames."""

OUTLIER = 3.0
"""A frame counts as no more than this many usual ones: a cut says nothing of the frames to come."""

HEAVY = 1.3
"""Frames of a message may take so many times the bytes expected of them: a face that moves."""

LEAST_FPS = 0.3


class Aims(NamedTuple):
    """What the user asks for. latency_us None: by default, as the line's capacity has it."""

    latency_us: int | None = None
    max_fps: float = MAX_FPS


class SwitchHysteresis:
    """When a rung that still serves is left for a better one: rent or buy.

    Coming back to a warm context costs 2 to 4 P frames, opening a cold one 10, and for so long the
    line carries nothing else. So the rung in force is kept until staying has cost as much as that
    switch will: soon where much is to be gained, late where little is, and never for what comes
    and goes. (The rule is at most twice as dear as knowing the future: Karlin et al. 1988,
    "Competitive snoopy caching".)
    """

    PRICE_PER_S = 0.5
    """What a second in which the line carries a keyframe costs, in shares of the CCC times s."""

    PROOF_US = 3_000_000
    """A rung that costs more has to be the better one for so long in any case."""

    MAX_ELAPSED_S = 1.0
    """Between two looks; reviews are closer together unless frames had no face meanwhile."""

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
        self._lost = max(0.0, self._lost + gain * min(elapsed_s, self.MAX_ELAPSED_S))
        if gain <= 0:
            self._better_since_us = None
            return False
        if self._better_since_us is None:
            self._better_since_us = now_us
        proved = not dearer or now_us - self._better_since_us >= self.PROOF_US
        return proved and self._lost >= self.PRICE_PER_S * key_s


class FaceCost:
    """What frames of this face, in this light, from this camera cost against the table's: the
    ratio of bytes above the empty ones. It is carried from rung to rung: noise and motion raise
    the cost of all.
    """

    def __init__(self) -> None:
        self.ratio = 1.0
        self.keyframe_ratio = 1.0
        self._frames = 0
        self._rung: Rung | None = None
        self._last_us: int | None = None

    def learn(self, row: Row, size_bytes: int, captured_us: int) -> None:
        """Take one P frame's access unit."""
        last_us, self._last_us = self._last_us, captured_us
        if row.rung != self._rung:
            self._rung, self._frames = row.rung, 0
        self._frames += 1
        gap_s = 0.0 if last_us is None else min(max(captured_us - last_us, 0) / US_PER_S, 2.0)
        ratio = (size_bytes - EMPTY_BYTES) / row.excess_bytes(gap_s)
        ratio = min(ratio, OUTLIER * max(self.ratio, 1.0))
        weight = max(1 - math.exp(-gap_s / COST_MEMORY_S), 1 / (self._frames + PRIOR_FRAMES))
        self.ratio = _within(self.ratio + weight * (ratio - self.ratio), COST_RANGE)

    def learn_keyframe(self, row: Row, size_bytes: int, captured_us: int) -> None:
        """Take one keyframe's access unit."""
        self._last_us = captured_us
        ratio = _within(size_bytes / row.keyframe_bytes, COST_RANGE)
        self.keyframe_ratio += 0.5 * (ratio - self.keyframe_ratio)

    def p_frame_bytes(self, row: Row, fps: float) -> float:
        """Access unit to expect at so many frames a second: no larger than a keyframe."""
        expected = EMPTY_BYTES + self.ratio * row.excess_bytes(1 / fps)
        return min(expected, self.keyframe_bytes(row))

    def keyframe_bytes(self, row: Row) -> float:
        """Access unit to expect of another picture."""
        return self.keyframe_ratio * row.keyframe_bytes


class Pace(NamedTuple):
    """Frames a second that the line carries of a rung, how many of them share a message, and the
    bytes of each with its entry's header.
    """

    fps: float
    frames_per_message: int
    entry_bytes: float


class AdaptiveController:
    """Keeps as much of valence as what is believed of the line allows."""

    def __init__(
        self, table: Table, aims: Aims | None = None, report_interval_us: int = 200_000
    ) -> None:
        """`report_interval_us` says how many acknowledgements the line has to carry."""
        self._table = table
        self._rows = {row.rung: row for row in table.rows}
        self._aims = aims or Aims()
        self._ack_bps = 8e6 * IP_TCP_BYTES / report_interval_us
        self._cost = FaceCost()
        self._budget = ByteBudget()
        self._cuts = CutDetector()
        self._thinner = FrameThinner()
        self._source = SourceRate()
        self._hysteresis = SwitchHysteresis()
        self._row: Row | None = None
        self._pace = Pace(1.0, 1, 0.0)
        self._coded_rung: Rung | None = None
        self._was_down = False
        self._reviewed_us = 0
        self._reviewed_bps = 0.0
        self._seen: Observation | None = None

    def decide(self, observation: Observation) -> Decision:
        self._seen = observation
        self._source.seen(observation.captured_us)
        spend_bps = self._spend_bps(observation)
        self._budget.drain(spend_bps, observation.now_us)
        row = self._review(observation, spend_bps)
        wanted = self._thinner.due(observation.captured_us, self._aims.max_fps)
        cut = self._cuts.is_cut(observation.change)
        fresh = cut or row.rung != self._coded_rung  # another picture, whole, in its own message
        code = wanted and not observation.line.down
        code = code and self._has_room(row, observation, spend_bps, fresh=fresh, cut=cut)
        point = OperatingPoint(row.rung, self._pace.fps, self._pace.frames_per_message)
        full_bytes = FULL_SHARE * point.frames_per_message * self._pace.entry_bytes
        # After an outage a frame goes alone, to be seen, and to see whether the line is back.
        alone = fresh or self._was_down
        self._was_down = observation.line.down or (self._was_down and not code)
        return Decision(point, code, 0.0 if alone else full_bytes)

    def coded(self, rung: Rung, size_bytes: int, *, keyframe: bool) -> None:
        seen, row = self._seen, self._rows.get(rung)
        if seen is None or row is None:
            return
        alone = rung != self._coded_rung or self._cuts.is_cut(seen.change)
        frames = 1 if alone else self._pace.frames_per_message
        share = head_bytes(frames, size_bytes) / frames
        self._budget.spend(size_bytes + ENTRY_HEAD_BYTES + RUN_BYTES + share)
        self._coded_rung = rung
        self._cuts.coded(seen.change, seen.captured_us)
        if keyframe:
            self._cost.learn_keyframe(row, size_bytes, seen.captured_us)
        else:
            self._cost.learn(row, size_bytes, seen.captured_us)

    def latency_us(self, capacity_bps: float) -> float:
        """The budget, from capture to arrival."""
        if self._aims.latency_us is not None:
            return self._aims.latency_us
        return default_latency_us(capacity_bps)

    def _spend_bps(self, observation: Observation) -> float:
        """For DATA messages, headers counted."""
        line = observation.line
        share = SPEND_SHARE if line.told else SPEND_FOUND_SHARE
        share -= BACKFILL_SHARE if observation.backfilling else 0.0
        acks_bps = min(self._ack_bps, 0.2 * line.capacity_bps)
        return max(share * line.capacity_bps - acks_bps, 1.0)

    def _review(self, observation: Observation, spend_bps: float) -> Row:
        """The rung in force, looked at anew now and then, and its pace."""
        capacity_bps = observation.line.capacity_bps
        fallen = capacity_bps < FALLEN * self._reviewed_bps
        resting = observation.now_us - self._reviewed_us < REVIEW_US
        if self._row is not None and resting and not fallen:
            return self._row
        self._reviewed_us, self._reviewed_bps = observation.now_us, capacity_bps
        self._row = self._choose(observation.line, observation.now_us, fallen=fallen)
        self._pace = self._paced(self._row, observation.line, spend_bps)
        return self._row

    def _choose(self, line: LineView, now_us: int, *, fallen: bool) -> Row:
        """The best there is, or the rung in force for as long as hysteresis holds it."""
        cost = min(self._cost.ratio, max(1.0, self._cost.ratio / DEAR))
        usual_bps = line.capacity_bps / cost**COST_EXPONENT
        best, now = self._table.best(usual_bps), self._row
        if now is None or self._was_down:
            self._hysteresis.reset()
            return best
        gain = self._table.kept(best, usual_bps) - self._table.kept(now, usual_bps)
        key_us = message_us(1, self._cost.keyframe_bytes(best), line.capacity_bps)
        dearer = best.p_frame_bytes > now.p_frame_bytes
        leaves = self._hysteresis.leaves(gain, key_us / 1e6, now_us, dearer=dearer)
        # Nothing holds a rung that no frame was coded at yet, nor one that is too much for a line
        # that is known. One that was found out may be back before a keyframe has arrived.
        free = best.rung == self._coded_rung or (line.told and fallen)
        if best is now or not (leaves or free):
            return now
        self._hysteresis.reset()
        logger.info("%s -> %s at %.0f bit/s", now.rung, best.rung, line.capacity_bps)
        return best

    def _paced(self, row: Row, line: LineView, spend_bps: float) -> Pace:
        """The most frames a second, and for these the fewest frames a message."""
        most_fps = min(self._aims.max_fps, self._source.fps)
        budget_us = MESSAGE_SHARE * self.latency_us(line.capacity_bps)
        roomy_bps = spend_bps if line.told else (1 - HEADROOM) * spend_bps
        best: Pace | None = None
        fps = self._pace.fps
        for frames in range(1, MAX_FRAMES_PER_MESSAGE + 1):
            fps, entry = self._carried(row, frames, roomy_bps, most_fps, fps)
            collected_us = 1e6 * (frames - 1) / fps
            own_us = message_us(frames, HEAVY * (entry - ENTRY_HEAD_BYTES), line.capacity_bps)
            if best is not None and collected_us + own_us > budget_us:
                break
            if best is None or fps > 1.01 * best.fps:
                best = Pace(fps, frames, entry)
            if fps >= most_fps:
                break
        assert best is not None
        return best

    def _carried(
        self, row: Row, frames: int, bps: float, most_fps: float, fps: float
    ) -> tuple[float, float]:
        """Frames a second at so many a message, and the bytes of each with its entry's header:
        they grow as frames become rarer, so a few rounds find where both agree.
        """
        entry = 0.0
        for _ in range(4):
            unit = self._cost.p_frame_bytes(row, fps)
            entry = unit + ENTRY_HEAD_BYTES + (RUN_BYTES if fps < most_fps else 0.0)
            carried = bps / 8 / (head_bytes(frames, unit) / frames + entry)
            fps = _within(carried, (LEAST_FPS, most_fps))
        return fps, entry

    def _has_room(
        self, row: Row, observation: Observation, spend_bps: float, *, fresh: bool, cut: bool
    ) -> bool:
        """Whether the bucket has room for a frame, and its message would not be late."""
        line, pace = observation.line, self._pace
        filled_us = self._budget.filled_us(spend_bps)
        budget_us = self.latency_us(line.capacity_bps)
        if cut:
            return line.queue_us <= CUT_GATE_SHARE * budget_us
        collected_us = 1e6 * (pace.frames_per_message - 1) / pace.fps
        if fresh:
            if filled_us > SLACK_US:
                return False
            own_us = message_us(1, self._cost.keyframe_bytes(row), line.capacity_bps)
            return not line.queue_us or line.queue_us + own_us <= GATE_SHARE * budget_us
        if filled_us > collected_us + SLACK_US:
            return False
        if not line.queue_us or observation.waiting:
            return True
        unit = HEAVY * (pace.entry_bytes - ENTRY_HEAD_BYTES)
        own_us = message_us(pace.frames_per_message, unit, line.capacity_bps)
        booked_us = max(0.0, line.queue_us - collected_us)
        return booked_us + collected_us + own_us <= GATE_SHARE * budget_us


def _within(value: float, limits: tuple[float, float]) -> float:
    return min(max(value, limits[0]), limits[1])
