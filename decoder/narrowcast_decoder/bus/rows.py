"""What a session's row says: its summary, and the gaps in its frame numbers. No I/O."""

from collections.abc import Mapping
from typing import NamedTuple

from narrowcast_decoder.bus.encoding import STATUSES
from narrowcast_decoder.store.interface import SeqGap, SessionState, SessionSummary

_BEFORE_ALL = "-"
"""The capture time before the first sample of all, as the scripts write it."""


class Row(NamedTuple):
    """A session's hash, decoded."""

    session: str
    fields: Mapping[str, str]

    @classmethod
    def of(cls, session: str, found: Mapping[bytes, bytes]) -> "Row | None":
        """None where there is no such session."""
        fields = {name.decode(): value.decode() for name, value in found.items()}
        return cls(session, fields) if "started_t" in fields else None

    @property
    def decoder(self) -> str | None:
        """The decoder that its publisher has come to, and has not left as far as that has told."""
        return self.fields.get("decoder")

    def summary(self, *, is_live: bool) -> SessionSummary:
        """is_live: whether that decoder is alive."""
        fields = self.fields
        by_status = {status: self._whole(f"n{code}") for code, status in enumerate(STATUSES)}
        ended_t = self._number("ended_t")
        other = SessionState.LIVE if is_live else SessionState.INTERRUPTED
        return SessionSummary(
            session=self.session,
            state=other if ended_t is None else SessionState.ENDED,
            started_t=float(fields["started_t"]),
            written_t=float(fields["written_t"]),
            first_t=self._number("first_t"),
            last_t=self._number("last_t"),
            ended_t=ended_t,
            end_reason=fields.get("end_reason"),
            model=fields.get("model") or None,
            model_sha256=fields.get("model_sha256") or None,
            clock_offset_ms=self._number("clock_offset_ms"),
            clock_error_ms=self._number("clock_error_ms"),
            samples=sum(by_status.values()),
            first_id=self._whole("first_id"),
            last_id=self._whole("last_id"),
            next_seq=self._whole("next_seq"),
            by_status=by_status,
        )

    def gaps(self, missing: int) -> list[SeqGap]:
        """`SampleStore.gaps`."""
        found: list[SeqGap] = []
        for text in reversed(self.fields.get("gaps", "").split(";")[:-1]):
            next_seq, end_seq, start_t, end_t = text.split(" ")
            if missing <= 0:
                break
            start_t = end_t if start_t == _BEFORE_ALL else start_t
            found.append(SeqGap(int(next_seq), int(end_seq), float(start_t), float(end_t)))
            missing -= int(end_seq) - int(next_seq)
        return found[::-1]

    def _whole(self, name: str) -> int:
        return int(self.fields.get(name, "0"))

    def _number(self, name: str) -> float | None:
        text = self.fields.get(name)
        return None if text is None else float(text)
