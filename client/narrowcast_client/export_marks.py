"""A session's marks as a CSV file of their own: a mark's time is hardly ever that of a frame."""

from pathlib import Path

from narrowcast_shared.archive import Archive, SessionInfo, TimeSpan
from narrowcast_shared.errors import SettingsError
from narrowcast_shared.in_place import in_place, is_stream
from narrowcast_shared.marks import csv_of


async def export_marks(archive: Archive, session: SessionInfo, span: TimeSpan, out: Path) -> int:
    """Write the session's marks of the span to `out`, a line each; how many these are.

    `out` ends in .csv, or is a stream. Raises SettingsError where it does not or cannot be
    written, else as the archive does.
    """
    if out.suffix.lower() != ".csv" and not is_stream(out):
        raise SettingsError(f"marks are not written to {out}", "end its name in .csv")
    marks = [mark for mark in await archive.marks(session.session) if span.holds(mark.t)]
    with in_place(out) as part:
        part.write_text(csv_of(session.session, marks), encoding="utf-8", newline="")
    return len(marks)
