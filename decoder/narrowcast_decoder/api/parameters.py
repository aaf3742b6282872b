"""The parameters that several paths share, described once."""

from typing import Annotated

from fastapi import Depends, Header, Path, Query
from starlette.requests import HTTPConnection

from narrowcast_decoder.service import Service
from narrowcast_shared.wire.messages import SESSION_PATTERN

MAX_ID = 2**63 - 1


def _service(connection: HTTPConnection) -> Service:
    service = connection.app.state.service
    assert isinstance(service, Service)
    return service


ServiceOf = Annotated[Service, Depends(_service)]

SessionName = Annotated[
    str,
    Path(
        description="Name of the session.",
        pattern=f"^{SESSION_PATTERN}$",
        openapi_examples={"session": {"value": "lobby"}},
    ),
]

FromId = Annotated[
    int | None,
    Query(
        alias="from",
        ge=0,
        le=MAX_ID,
        description="Id of the first sample wanted, itself included. Without it, and with 0, "
        "the series from its beginning (id 1).",
    ),
]

AfterId = Annotated[
    int | None,
    Query(
        alias="after",
        ge=0,
        le=MAX_ID,
        description="Id of the last sample not wanted: `after=7` is `from=8`.",
    ),
]

LastEventId = Annotated[
    int | None,
    Header(
        alias="Last-Event-ID",
        ge=0,
        le=MAX_ID,
        description="Id of the last sample received. Goes before `from`, because a browser that "
        "reconnects sends both.",
    ),
]


def before(from_id: int | None) -> int:
    """The id after which a series starts that is asked for `from` an id."""
    return max(from_id or 0, 1) - 1
