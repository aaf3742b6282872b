"""Frames that an outage cut off: a gap in sequence numbers becomes lost frames, one each."""

from narrowcast_decoder.ingest.frames import Fate, TakenFrame
from narrowcast_shared.errors import ProtocolError

MAX_GAP = 200_000
"""Frames in one gap: almost two hours at 30 fps. More is no outage but a broken encoder."""


def fill_gap(next_seq: int, last_captured_us: int | None, fresh: TakenFrame) -> list[TakenFrame]:
    """Lost frames from `next_seq` up to the fresh frame, evenly spaced in time.

    Where nothing came before, they carry the fresh frame's time. Raises ProtocolError on a
    gap beyond `MAX_GAP`.
    """
    gap = fresh.seq - next_seq
    if gap > MAX_GAP:
        raise ProtocolError(f"a gap of {gap} frames, at most {MAX_GAP} are taken as an outage")
    start_us = fresh.captured_us if last_captured_us is None else last_captured_us
    span_us = max(0, fresh.captured_us - start_us)
    return [
        TakenFrame(
            next_seq + index,
            start_us + span_us * (index + 1) // (gap + 1),
            Fate.LOST,
            fresh.wire_bps,
        )
        for index in range(gap)
    ]
