"""What the commands on stored series have in common: where they look, and what they print."""

from collections.abc import Sequence
from pathlib import Path

from narrowcast_client.archive import RemoteArchive, open_file
from narrowcast_client.baseline import Baseline, BaselineChoice
from narrowcast_client.export import export
from narrowcast_client.export_marks import export_marks
from narrowcast_client.resting import begin
from narrowcast_client.times import format_time
from narrowcast_shared.archive import Archive, SessionInfo, TimeSpan
from narrowcast_shared.remote.address import Address, as_address
from narrowcast_shared.samples import Status

_HEAD = ("session", "state", "first sample", "last sample", "samples")


def open_archive(url: str | Address, store: Path | None) -> Archive:
    """The decoder at `url`, or the file `store` where one is named."""
    return RemoteArchive(as_address(url)) if store is None else open_file(store)


async def write_export(
    url: str | Address,
    store: Path | None,
    session: str,
    span: TimeSpan,
    out: Path,
    rest: BaselineChoice | None = None,
) -> tuple[int, Baseline | None]:
    """As `client.export.export`, of the session of that name; and against which rest it was."""
    archive = open_archive(url, store)
    info = await archive.session(session)
    baseline = None if rest is None else await begin(rest, archive, info)
    return await export(archive, info, span, out, baseline), baseline


async def write_marks(
    url: str | Address, store: Path | None, session: str, span: TimeSpan, out: Path
) -> int:
    """As `client.export_marks.export_marks`, of the session of that name."""
    archive = open_archive(url, store)
    return await export_marks(archive, await archive.session(session), span, out)


def as_json(sessions: Sequence[SessionInfo]) -> str:
    """One session a line."""
    return "".join(f"{info.model_dump_json()}\n" for info in sessions)


def as_table(sessions: Sequence[SessionInfo]) -> str:
    """Columns for people; numbers to the right."""
    if not sessions:
        return "no session is stored\n"
    head = (*_HEAD, *(status.value.replace("_", " ") for status in Status))
    rows = [head, *map(_row, sessions)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "".join(_line(row, widths) for row in rows)


def _row(info: SessionInfo) -> tuple[str, ...]:
    times = (format_time(info.first_t), format_time(info.last_t))
    counts = (str(info.by_status.get(status, 0)) for status in Status)
    return (info.session, info.state, *times, str(info.samples or 0), *counts)


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    texts = len(_HEAD) - 1
    cells = [
        cell.ljust(width) if index < texts else cell.rjust(width)
        for index, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return "  ".join(cells).rstrip() + "\n"
