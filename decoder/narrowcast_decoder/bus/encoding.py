"""A sample as an entry of its session's stream, several as one message to their followers; marks.

An entry is a JSON array without spaces: the status as its place in `STATUSES`, which is one digit,
then seq, t, valence, sigma, px, qp, wire_bps and latency_ms, and cap_bps where there is one. Its
id is the entry's. Numbers come back exactly; the same sample has the same bytes, by which a
repeated one is known.
"""

import json
from collections.abc import Iterable

from narrowcast_shared.errors import StoreError
from narrowcast_shared.marks import Mark
from narrowcast_shared.samples import Sample, Status

STATUSES = (Status.OK, Status.NO_FACE, Status.SKIPPED, Status.LOST)
"""In an order that never changes; new ones come last, up to ten."""

MAX_NUMBER = 2**53 - 1
"""The server's scripts count in doubles."""

_CODES = {status: code for code, status in enumerate(STATUSES)}
_dumps = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


def entry(sample: Sample) -> str:
    """The sample without its session and id. Raises StoreError where a number is out of range."""
    if sample.id > MAX_NUMBER or sample.seq > MAX_NUMBER:
        raise StoreError(
            f"session {sample.session!r} has come to id {sample.id}, frame {sample.seq}",
            f"ids and frame numbers end at {MAX_NUMBER}",
        )
    values = [
        _CODES[sample.status], sample.seq, sample.t, sample.valence, sample.sigma,
        sample.px, sample.qp, sample.wire_bps, sample.latency_ms,
    ]  # fmt: skip
    return _dumps(values if sample.cap_bps is None else [*values, sample.cap_bps])


def sample(session: str, sample_id: int, data: bytes) -> Sample:
    """The sample in an entry. Raises StoreError where it is none."""
    try:
        code, seq, t, valence, sigma, px, qp, wire_bps, latency_ms, *cap = json.loads(data)
        (cap_bps,) = cap or (None,)
        return Sample(
            id=sample_id, session=session, seq=seq, t=t, status=STATUSES[code], valence=valence,
            sigma=sigma, px=px, qp=qp, wire_bps=wire_bps, latency_ms=latency_ms, cap_bps=cap_bps,
        )  # fmt: skip
    except (ValueError, TypeError, IndexError) as error:
        raise StoreError(
            f"session {session!r} has something on the bus that is no sample, at id {sample_id}",
            "give each use of the server a database of its own",
        ) from error


def mark_entry(t: float, text: str) -> str:
    """A mark without its id: `[t, text]`."""
    return _dumps([t, text])


def mark(session: str, mark_id: int, data: bytes) -> Mark:
    """The mark in an entry. Raises StoreError where it is none."""
    try:
        t, text = json.loads(data)
        return Mark(id=mark_id, t=t, text=text)
    except (ValueError, TypeError) as error:
        raise StoreError(
            f"session {session!r} has something on the bus that is no mark, under id {mark_id}",
            "give each use of the server a database of its own",
        ) from error


def message(session: str, data: bytes) -> list[Sample]:
    """The samples of a message on a session's channel: the first one's id, then their entries."""
    first_id, *entries = data.split(b"\n")
    if not first_id.isdigit():
        raise StoreError(f"session {session!r} has something on its channel that is no sample")
    return samples(session, enumerate(entries, start=int(first_id)))


def samples(session: str, entries: Iterable[tuple[int, bytes]]) -> list[Sample]:
    """The samples of several entries, by id."""
    return [sample(session, sample_id, data) for sample_id, data in entries]
