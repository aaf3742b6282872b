"""A series out of an archive: a decoder that runs, or a store's file."""

from collections.abc import Callable
from contextlib import aclosing

from narrowcast_client.baseline import BaselineChoice
from narrowcast_client.report.series import SeriesBuilder, Source
from narrowcast_client.resting import begin
from narrowcast_shared.archive import Archive, TimeSpan
from narrowcast_shared.errors import DataError
from narrowcast_shared.see import See


async def read_archive(
    archive: Archive,
    name: str,
    span: TimeSpan,
    origin: str,
    rest: BaselineChoice | None,
    on_rows: Callable[[int], None],
) -> Source:
    """What the archive has of the session in the span.

    origin: the archive in words. rest: whose resting valence to subtract as well; it is learned
    from the session's first samples, in the span or not.
    on_rows: told of how many more samples were read. Raises DataError where there are none, else
    as the archive does.
    """
    session = await archive.session(name)
    baseline = None if rest is None else await begin(rest, archive, session)
    builder = SeriesBuilder()
    async with aclosing(archive.pages(session, span)) as pages:
        async for page in pages:
            builder.add(page if baseline is None else map(baseline.above_rest, page))
            on_rows(len(page))
    if not len(builder):
        raise DataError(
            f"session {name!r} has no samples there",
            "`narrowcast sessions` says from when to when",
            see=See.REPORT,
        )
    return Source(
        session.session,
        origin,
        builder.build(),
        session.read_by,
        None if baseline is None else str(baseline),
        session.clock_offset_ms,
        session.clock_error_ms,
        tuple(await archive.marks(session.session)),
    )
