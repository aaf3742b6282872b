"""The control law: what to send so that the expected CCC is greatest. docs/rate.md.

Twice a second, or at once when the line has fallen, the best operating point of the table is
chosen for what the line carries, what this face costs and how late a frame may be. In between,
frame by frame: a frame is coded when it is due by its change, and when it would not be late.
"""

import logging
from typing import NamedTuple

from narrowcast_encoder.control import choice, latency
from narrowcast_encoder.control.change_thinner import ChangeThinner
from narrowcast_encoder.control.choice import Candidate, Means
from narrowcast_encoder.control.controller import BACKFILL_SHARE, Decision, Observation
from narrowcast_encoder.control.cost import CostCorrection
from narrowcast_encoder.control.line_estimate import LineView
from narrowcast_encoder.control.loyalty import Loyalty
from narrowcast_encoder.control.source_rate import SourceRate
from narrowcast_encoder.control.table import Table
from narrowcast_shared.operating_point import MAX_FPS, Rung
from narrowcast_shared.wire.cost import IP_TCP_BYTES

logger = logging.getLogger(__name__)

LATENCY_SHARE = 0.8
"""Of the budget that is planned with: messages differ in size."""

GATE_SHARE = 0.85
"""Of the budget beyond which a frame is not coded."""

CUT_GATE_SHARE = 1.05
"""The same of a frame with another picture: until it is there, all that is held is wrong."""

CUT_SHARE, MAX_CUT_US = 0.9, 850_000
"""Of the budget, and longest that a frame with another picture may keep the line: after it, others
have to wait.
"""

SPEND_SHARE = 0.98
"""Of what the line is told to carry: frames differ in size."""

SPEND_UNTOLD_SHARE = 0.8
"""Of what a line was found to carry, which may be less the next moment."""

HEADROOM = 0.3
"""Of a line that may vary, left free where frames can share headers: a queue keeps frames out."""

IDLE_BOOST = 2.5
"""Frames come due so much faster while the line is idle: it makes up for those that were late."""

FULL_SHARE = 1.5
"""A message is full at this many times its expected bytes: the frame after a cut goes at once."""

REVIEW_US = 500_000
FALLEN = 0.9
"""Share of the reviewed capacity below which a review does not wait."""


class Aims(NamedTuple):
    """What the user asks for. latency_us None: by default, as the line's capacity has it."""

    latency_us: int | None = None
    max_fps: float = MAX_FPS


class AdaptiveController:
    """Maximises expected CCC within what is believed of the line."""

    def __init__(
        self, table: Table, aims: Aims | None = None, report_interval_us: int = 200_000
    ) -> None:
        """`report_interval_us` says how many acknowledgements the line has to carry."""
        self._aims = aims or Aims()
        self._rows = table.rows
        self._ack_bps = 8e6 * IP_TCP_BYTES / report_interval_us
        self._cost = CostCorrection()
        self._thinner = ChangeThinner()
        self._source = SourceRate()
        self._chosen: Candidate | None = None
        self._coded_rung: Rung | None = None
        self._was_down = False
        self._backfilling = False
        self._reviewed_us = 0
        self._reviewed_bps = 0.0
        self._loyalty = Loyalty()

    def decide(self, observation: Observation) -> Decision:
        source_fps = self._source.seen(observation.captured_us)
        chosen = self._review(observation)
        point = chosen.point
        boost = 1 if observation.line.queue_us else IDLE_BOOST
        fps = min(boost * point.fps, self._aims.max_fps)
        due = self._thinner.due(observation.captured_us, fps, observation.change, source_fps)
        late = due and self._would_be_late(chosen, observation)
        if late:
            self._thinner.missed()
        decision = Decision(point, due and not late, self._full_bytes(chosen, observation))
        self._was_down = observation.line.down or (self._was_down and not decision.code)
        return decision

    def coded(self, rung: Rung, size_bytes: int, *, keyframe: bool) -> None:
        chosen = self._chosen
        self._coded_rung = rung
        if chosen is None or rung != chosen.row.rung:
            return
        if keyframe:
            self._cost.learn_keyframe(size_bytes, chosen.row.keyframe_bytes)
        else:
            self._cost.learn(rung, size_bytes, chosen.row.p_frame_bytes)

    def latency_us(self, capacity_bps: float) -> float:
        """The budget, from capture to arrival."""
        if self._aims.latency_us is not None:
            return self._aims.latency_us
        return latency.default_us(capacity_bps)

    def _review(self, observation: Observation) -> Candidate:
        capacity_bps = observation.line.capacity_bps
        self._backfilling = observation.backfilling
        fallen = capacity_bps < FALLEN * self._reviewed_bps
        resting = observation.now_us - self._reviewed_us < REVIEW_US
        if self._chosen is not None and resting and not fallen:
            return self._chosen
        self._reviewed_us, self._reviewed_bps = observation.now_us, capacity_bps
        self._chosen = self._choose(observation.line, observation.now_us)
        return self._chosen

    def _means(self, line: LineView) -> Means:
        capacity_bps = line.capacity_bps
        share = SPEND_SHARE if line.told else SPEND_UNTOLD_SHARE
        share -= BACKFILL_SHARE if self._backfilling else 0.0
        return Means(
            wire_bps=share * capacity_bps - min(self._ack_bps, 0.2 * capacity_bps),
            line_bps=capacity_bps,
            latency_us=LATENCY_SHARE * self.latency_us(capacity_bps),
            cut_us=min(CUT_SHARE * self.latency_us(capacity_bps), MAX_CUT_US),
            fps=min(self._aims.max_fps, self._source.fps),
            cost=self._cost.ratio,
            headroom=0.0 if line.told else HEADROOM,
        )

    def _choose(self, line: LineView, now_us: int) -> Candidate:
        """The best there is, or the rung in force for as long as loyalty holds it."""
        means, chosen = self._means(line), self._chosen
        if chosen is None or self._was_down:
            self._loyalty.reset()
            return choice.best(self._rows, means)
        rung = chosen.row.rung
        same_rung = [row for row in self._rows if row.rung == rung]
        others = [row for row in self._rows if row.rung != rung]
        still = choice.best(same_rung, means)
        if not others:
            return still
        other = choice.best(others, means)
        # Nothing holds a rung that no frame was coded at, or that does not fit a line that is told.
        # One that was found out may be back before another rung's keyframe has arrived.
        fits = not line.told or choice.fit(still.row, means) is not None
        free = not fits or other.row.rung == self._coded_rung
        held = not self._leaves(still, other, means, now_us)
        if other.worth <= still.worth or (held and not free):
            return still
        self._loyalty.reset()
        logger.info("%s -> %s at %.0f bit/s", chosen.point, other.point, means.line_bps)
        return other

    def _leaves(self, still: Candidate, other: Candidate, means: Means, now_us: int) -> bool:
        key_us = choice.message_us(1, other.row.keyframe_bytes, means.line_bps)
        dearer = other.row.p_frame_bytes > still.row.p_frame_bytes
        gain = other.worth - still.worth
        return self._loyalty.leaves(gain, key_us / 1e6, now_us, dearer=dearer)

    def _full_bytes(self, chosen: Candidate, observation: Observation) -> float:
        """Half as much again as the frames of a message are expected to take; after an outage a
        frame goes alone, to be seen, and to see whether the line is back.
        """
        if self._was_down:
            return 0.0
        entry = choice.entry_bytes(chosen.row, self._means(observation.line))
        return FULL_SHARE * chosen.point.frames_per_message * entry

    def _would_be_late(self, chosen: Candidate, observation: Observation) -> bool:
        line = observation.line
        if line.down or not line.queue_us or observation.waiting:
            return line.down  # an idle line waits for nothing, nor does a message that is begun
        frames, entry = self._message(chosen, line)
        own_us = choice.message_us(frames, entry, line.capacity_bps)
        collected_us = 1e6 * (frames - 1) / chosen.point.fps
        booked_us = max(0.0, line.queue_us - collected_us)
        share = CUT_GATE_SHARE if self._thinner.cut else GATE_SHARE
        return booked_us + collected_us + own_us > share * self.latency_us(line.capacity_bps)

    def _message(self, chosen: Candidate, line: LineView) -> tuple[int, float]:
        """Frames and bytes a frame of the message that would begin with this frame."""
        if self._thinner.cut or chosen.row.rung != self._coded_rung:  # another picture, whole
            return 1, self._cost.keyframe_ratio * chosen.row.keyframe_bytes
        entry = choice.entry_bytes(chosen.row, self._means(line))
        return chosen.point.frames_per_message, entry
