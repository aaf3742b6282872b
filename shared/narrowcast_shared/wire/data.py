"""DATA and LATE messages: k entries of one epoch, where every byte counts.

A head of 6 to 15 bytes, then an entry per coded frame and one per run of frames without a
face or skipped. Frames are told as evenly spaced where that is true to 1 ms.
"""

from collections.abc import Iterable
from itertools import groupby, pairwise

from narrowcast_shared.errors import ProtocolError, SettingsError
from narrowcast_shared.operating_point import Rung, check_rung
from narrowcast_shared.wire.messages import (
    EPOCHS,
    MAX_COUNT,
    MAX_FRAMES,
    TIME_TOLERANCE_TICKS,
    Data,
    Frame,
    FrameKind,
    MessageType,
)
from narrowcast_shared.wire.primitives import Reader, varint, zigzag

FLAG_RUNG = 0x10
FLAG_TIMES = 0x20
FLAG_CAP = 0x40
_KNOWN_FLAGS = FLAG_RUNG | FLAG_TIMES | FLAG_CAP

MAX_NALS = 8

_KINDS = tuple(FrameKind)
assert all(kind == index for index, kind in enumerate(_KINDS))  # what two bits of an entry say


def serialise_data(data: Data) -> bytes:
    """Bytes of a DATA or LATE message of 1 to 4096 frames.

    Raises ProtocolError on impossible values.
    """
    if not 1 <= len(data.frames) <= MAX_FRAMES:
        raise ProtocolError(f"a DATA message has 1 to {MAX_FRAMES} frames, not {len(data.frames)}")
    ticks = [frame.ticks for frame in data.frames]
    _check_range(ticks, data.first_seq)
    interval = _interval(ticks)
    deviations = _deviations(ticks, interval)
    irregular = any(abs(d) > TIME_TOLERANCE_TICKS for d in deviations)
    irregular |= ticks[0] + interval * len(deviations) > MAX_COUNT
    entries = _entries(data.frames)
    flags = (FLAG_RUNG if data.rung else 0) | (FLAG_TIMES if irregular else 0)
    flags |= 0 if data.cap_bps is None else FLAG_CAP
    kind = MessageType.LATE if data.late else MessageType.DATA
    parts = [bytes([kind | flags, data.epoch % EPOCHS])]
    if data.rung:
        parts.append(bytes(_check_rung(*data.rung)))
    if data.cap_bps is not None:
        parts.append(varint(_check_cap(data.cap_bps)))
    parts += [varint(data.first_seq), varint(ticks[0]), varint(interval), varint(len(entries))]
    parts += entries
    if irregular:
        parts += [zigzag(deviation) for deviation in deviations]
    return b"".join(parts)


def parse_data(reader: Reader, flags: int, *, late: bool = False) -> Data:
    """The DATA message, or LATE if `late`, behind its first byte. Raises ProtocolError."""
    if flags & ~_KNOWN_FLAGS:
        raise ProtocolError(f"flags {flags:#04x} of a DATA message are unknown")
    epoch = reader.byte()
    rung = _check_rung(reader.byte(), reader.byte()) if flags & FLAG_RUNG else None
    cap_bps = _check_cap(reader.varint()) if flags & FLAG_CAP else None
    first_seq, start, interval = reader.varint(), reader.varint(), reader.varint()
    contents = _parse_entries(reader)
    times = [start + index * interval for index in range(len(contents))]
    if flags & FLAG_TIMES:
        times[1:] = [time + reader.zigzag() for time in times[1:]]
    _check_range(times, first_seq)
    frames = tuple(
        Frame(time, kind, nals) for time, (kind, nals) in zip(times, contents, strict=True)
    )
    return Data(epoch, first_seq, frames, rung, late, cap_bps)


def _interval(ticks: list[int]) -> int:
    if len(ticks) == 1:
        return 0
    return max(0, round((ticks[-1] - ticks[0]) / (len(ticks) - 1)))


def _deviations(ticks: list[int], interval: int) -> list[int]:
    return [t - ticks[0] - i * interval for i, t in enumerate(ticks)][1:]


def _entries(frames: Iterable[Frame]) -> list[bytes]:
    entries: list[bytes] = []
    for kind, run in groupby(frames, key=lambda frame: frame.kind):
        if kind in (FrameKind.NO_FACE, FrameKind.SKIPPED):
            entries.append(_head(sum(1 for _ in run), kind))
        else:
            entries += [_coded(frame) for frame in run]
    return entries


def _head(value: int, kind: FrameKind) -> bytes:
    return varint(value << 2 | kind)


def _coded(frame: Frame) -> bytes:
    if not 1 <= len(frame.nals) <= MAX_NALS or not all(frame.nals):
        raise ProtocolError(f"an access unit has 1 to {MAX_NALS} NAL units, none of them empty")
    if frame.kind is FrameKind.KEYFRAME:
        payload = b"".join(varint(len(nal)) + nal for nal in frame.nals)
    elif len(frame.nals) == 1:
        payload = frame.nals[0]
    else:
        raise ProtocolError(f"a P access unit is one NAL unit, not {len(frame.nals)}")
    return _head(len(payload), frame.kind) + payload


def _check_rung(px: int, qp: int) -> Rung:
    try:
        return check_rung(px, qp)
    except SettingsError as error:
        raise ProtocolError(f"a rung that does not exist: {error.problem}") from None


def _check_cap(cap_bps: int) -> int:
    if cap_bps > MAX_COUNT:
        raise ProtocolError(f"a cap of {cap_bps} bit/s is beyond {MAX_COUNT}")
    return cap_bps


_Content = tuple[FrameKind, tuple[bytes, ...]]


def _parse_entries(reader: Reader) -> list[_Content]:
    contents: list[_Content] = []
    for _ in range(_bounded(reader.varint())):
        head = reader.varint()
        kind, value = _KINDS[head & 3], head >> 2
        if kind in (FrameKind.NO_FACE, FrameKind.SKIPPED):
            contents += [(kind, ())] * _bounded(value)
        else:
            contents.append((kind, _parse_nals(reader.take(value), kind)))
        _bounded(len(contents))
    return contents


def _bounded(count: int) -> int:
    if not 1 <= count <= MAX_FRAMES:
        raise ProtocolError(f"a DATA message speaks of 1 to {MAX_FRAMES} frames, not {count}")
    return count


def _parse_nals(payload: bytes, kind: FrameKind) -> tuple[bytes, ...]:
    if not payload:
        raise ProtocolError("an access unit is empty")
    if kind is FrameKind.DELTA:
        return (payload,)
    nals: list[bytes] = []
    reader = Reader(payload)
    while not reader.at_end:
        nal = reader.take(reader.varint())
        if not nal or len(nals) == MAX_NALS:
            raise ProtocolError(f"a keyframe has 1 to {MAX_NALS} NAL units, none of them empty")
        nals.append(nal)
    return tuple(nals)


def _check_range(times: list[int], first_seq: int) -> None:
    if any(later < earlier for earlier, later in pairwise(times)):
        raise ProtocolError("capture times run backwards within a message")
    if times[-1] > MAX_COUNT or first_seq + len(times) > MAX_COUNT:
        raise ProtocolError(f"a capture time or sequence number is beyond {MAX_COUNT}")
