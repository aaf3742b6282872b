"""The parameters that several paths share, described once.

Dependencies are coroutines, though they wait for nothing: FastAPI calls plain functions, and
classes, on threads, and a storm of subscribers would make forty of them.
"""

import math
from typing import Annotated

from fastapi import Depends, Header, Path, Query
from fastapi.exceptions import RequestValidationError
from starlette.requests import HTTPConnection

from narrowcast_decoder.replay import Pace
from narrowcast_decoder.security.leases import Lease, lease_of
from narrowcast_decoder.service import Service
from narrowcast_decoder.store.ranges import MAX_ID, Range
from narrowcast_shared.wire.messages import SESSION_PATTERN


async def _service(connection: HTTPConnection) -> Service:
    service = connection.app.state.service
    assert isinstance(service, Service)
    return service


ServiceOf = Annotated[Service, Depends(_service)]


async def _lease(connection: HTTPConnection) -> Lease:
    return lease_of(connection.scope)


LeaseOf = Annotated[Lease, Depends(_lease)]
"""What the connection's token allows; everything where the service has no tokens."""

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


async def _range(
    from_id: FromId = None,
    after_id: Annotated[
        int | None,
        Query(
            alias="after",
            ge=0,
            le=MAX_ID,
            description="Id of the last sample not wanted: `after=7` is `from=8`.",
        ),
    ] = None,
    to_id: Annotated[
        int | None,
        Query(
            alias="to",
            ge=1,
            le=MAX_ID,
            description="Id of the last sample wanted, itself included.",
        ),
    ] = None,
    from_t: Annotated[
        float | None,
        Query(
            allow_inf_nan=False,
            description="Only samples captured at this time (s, as `t` has it) or later.",
        ),
    ] = None,
    to_t: Annotated[
        float | None,
        Query(allow_inf_nan=False, description="Only samples captured before this time (s)."),
    ] = None,
) -> Range:
    """The part that is asked for; what is not said is no limit."""
    if from_id is not None and after_id is not None:
        raise _unusable("from", "Give either `from` or `after`")
    part = Range(
        before(from_id) if after_id is None else after_id,
        MAX_ID if to_id is None else to_id,
        -math.inf if from_t is None else from_t,
        math.inf if to_t is None else to_t,
    )
    if to_id is not None and part.last_id <= part.after_id:
        raise _unusable("to", "The last sample wanted comes before the first")
    if part.to_t <= part.from_t:
        raise _unusable("to_t", "`to_t` must be later than `from_t`")
    return part


RangeOf = Annotated[Range, Depends(_range)]


async def _pace(
    *,
    replay: Annotated[
        bool,
        Query(
            description="Play what is stored, each sample at its time, instead of giving it "
            "at once; then end, also where the session goes on."
        ),
    ] = False,
    speed: Annotated[
        float, Query(gt=0, le=1000, description="Of a replay: so many times as fast.")
    ] = 1.0,
    max_gap: Annotated[
        float,
        Query(
            ge=0,
            le=86_400,
            description="Of a replay: longest pause in the series, s; a longer one is cut to it.",
        ),
    ] = 5.0,
) -> Pace | None:
    """How a stored series is to be played once more; None where it is to be followed."""
    return Pace(speed, max_gap) if replay else None


ReplayOf = Annotated[Pace | None, Depends(_pace)]


def _unusable(parameter: str, problem: str) -> RequestValidationError:
    return RequestValidationError(
        [{"loc": ("query", parameter), "msg": problem, "type": parameter}]
    )
