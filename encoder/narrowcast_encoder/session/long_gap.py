"""An outage that is too long for one gap (docs/protocol.md), told as several that are not."""

from narrowcast_shared.wire.messages import MAX_GAP


def stones(end_seq: int, seq: int) -> list[int]:
    """Frames to tell of first, in order, where all below `end_seq` are told and `seq` comes next.

    The last gap is the longest that may be: of more than a session may owe, the oldest is lost.
    """
    found: list[int] = []
    while seq - end_seq > MAX_GAP:
        seq -= MAX_GAP + 1
        found.append(seq)
    return found[::-1]
