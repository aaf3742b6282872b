"""A stored series as JSON, page by page, or as one CSV file."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Header, Query, Response
from pydantic import BaseModel, Field

from narrowcast_decoder.api import problems
from narrowcast_decoder.api.bounded_stream import BoundedStream
from narrowcast_decoder.api.parameters import RangeOf, ServiceOf, SessionName
from narrowcast_decoder.service import Service
from narrowcast_decoder.store import ranges
from narrowcast_decoder.store.interface import DEFAULT_PAGE
from narrowcast_decoder.store.ranges import Range
from narrowcast_shared.samples import Sample, csv_header, csv_row

router = APIRouter(prefix="/v1/sessions", tags=["series"])

MAX_PAGE = 10_000

CSV_PAGE = 256
"""Lines written at a time: 2 ms in which the event loop does nothing else."""


class Format(StrEnum):
    """How a series is written."""

    JSON = "json"
    CSV = "csv"


class SamplePage(BaseModel):
    """Part of a series."""

    samples: list[Sample] = Field(description="Samples in order of id.")
    next: int | None = Field(
        description="Id of the first sample left out, to be asked `from`; null where the series "
        "had no more when it was read."
    )


_EXAMPLE = {
    "id": 1002,
    "session": "lobby",
    "seq": 1001,
    "t": 1767225640.04,
    "status": "ok",
    "valence": 0.42,
    "sigma": 0.17,
    "px": 32,
    "qp": 30,
    "wire_bps": 7840,
    "latency_ms": 24.5,
    "cap_bps": 8000,
}
_CSV_EXAMPLE = csv_header() + csv_row(Sample.model_validate(_EXAMPLE))


@router.get(
    "/{session}/samples",
    summary="Read a series",
    response_model=SamplePage,
    response_description="Samples in order of id.",
    responses={
        200: {
            "content": {
                "application/json": {"example": {"samples": [_EXAMPLE], "next": None}},
                "text/csv": {"schema": {"type": "string"}, "example": _CSV_EXAMPLE},
            }
        },
        **problems.responses(404, 422, 503),
    },
)
async def get_samples(
    service: ServiceOf,
    session: SessionName,
    part: RangeOf,
    limit: Annotated[
        int | None,
        Query(
            ge=1,
            le=MAX_PAGE,
            description=f"Most samples to give. Without it JSON gives {DEFAULT_PAGE}, and CSV "
            "all that were asked for.",
        ),
    ] = None,
    format_: Annotated[
        Format | None,
        Query(alias="format", description="Without it, what `Accept` names first; else JSON."),
    ] = None,
    accept: Annotated[str, Header(description="`text/csv` for CSV.")] = "",
) -> Response:
    """What is stored of a series when it is asked, of the ids and the times that are wanted.

    JSON comes in pages: ask again `from` a page's `next`. CSV is one file, whose first line
    names the columns; what a sample does not have is an empty field. Capture times are those
    of the encoder's clock; where it was set back, samples of a time are not all of one piece.
    """
    summary = await service.summary(session)
    if (format_ or _accepted(accept)) is Format.JSON:
        return await _json_page(service, session, part, limit or DEFAULT_PAGE)
    part = part._replace(last_id=min(part.last_id, summary.last_id))
    return BoundedStream(
        _csv_lines(service, session, part, limit or summary.last_id),
        send_s=service.patience.send_s,
        media_type="text/csv",
        headers={
            "Content-Disposition": f'attachment; filename="{session}.csv"',
            "Vary": "Accept",
        },
    )


def _accepted(accept: str) -> Format:
    """CSV where `Accept` names it, and not JSON before it."""
    media_types = [part.split(";")[0].strip().lower() for part in accept.split(",")]
    known = [media for media in media_types if media in {"text/csv", "application/json"}]
    return Format.CSV if known[:1] == ["text/csv"] else Format.JSON


async def _json_page(service: Service, session: str, part: Range, limit: int) -> Response:
    # One more than wanted, to know whether there is more.
    samples = await ranges.first(service.store, session, part, limit + 1)
    left_out = samples[limit].id if len(samples) > limit else None
    page = SamplePage.model_construct(samples=samples[:limit], next=left_out)
    return Response(
        page.model_dump_json(), media_type="application/json", headers={"Vary": "Accept"}
    )


async def _csv_lines(
    service: Service, session: str, part: Range, limit: int
) -> AsyncGenerator[str, None]:
    """Header and lines of the first `limit` samples of the part, a page at a time.

    The part has an end, so that the file of a session that goes on has one too.
    """
    yield csv_header()
    part = await ranges.narrowed(service.store, session, part)
    async with aclosing(ranges.pages(service.store, session, part, min(CSV_PAGE, limit))) as pages:
        async for page in pages:
            yield "".join(csv_row(sample) for sample in page[:limit])
            limit -= len(page)
            if limit <= 0:
                break
