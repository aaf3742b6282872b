"""A stand-in for the decoder's API, on a real port: what it does is scripted per connection."""

import asyncio
import json
import math
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus
from typing import Any, NamedTuple, Self
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from narrowcast_lab.free_port import free_port
from narrowcast_shared.samples import Sample, Status

MAX_LISTED = 1000

UNKNOWN_SESSION = {"type": "urn:narrowcast:problem:unknown-session", "detail": "no such session"}


class Plan(NamedTuple):
    """One connection: how many samples are sent, then how it ends (None: it stays open)."""

    samples: int
    close: int | str | None = 1000  # "abort" drops it without a close frame
    pace_s: float = 0.0


def make_sample(
    id_: int, session: str = "cam-1", *, fps: float = 25.0, status: Status = Status.OK
) -> Sample:
    frame: dict[str, Any] = {"id": id_, "session": session, "seq": id_ - 1, "status": status}
    frame |= {"t": 1_700_000_000.0 + id_ / fps, "wire_bps": 9_800}
    if status is Status.OK:
        valence = round(0.7 * math.sin(id_ / 40), 4)
        frame |= {"valence": valence, "sigma": 0.1, "px": 32, "qp": 30, "latency_ms": 31.0}
    return Sample(**frame)


class ScriptedDecoder:
    """Lists `sessions`; each connection follows the next plan, the last one for ever."""

    def __init__(
        self,
        *plans: Plan,
        series: Sequence[Any] | None = None,
        sessions: list[tuple[str, str]] | None = None,
    ) -> None:
        self.plans = list(plans)
        self.series = series or [make_sample(id_) for id_ in range(1, 31)]
        self.sessions = sessions if sessions is not None else [("cam-1", "live")]
        self.asked: list[tuple[str, int]] = []  # (session, from) of every connection
        self.connected = 0
        self.left = asyncio.Event()  # set where a connection is over
        self.port = free_port()  # which is its own between two times that it listens

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[Self]:
        server = await serve(
            self._serve, "127.0.0.1", self.port, process_request=self._list, compression=None
        )
        async with server:
            yield self

    def _list(self, connection: ServerConnection, request: Request) -> Response | None:
        match urlsplit(request.path).path.split("/")[1:]:
            case "v1", "sessions":
                listed = self.sessions[:MAX_LISTED]
                found: Any = {"sessions": [self._info(*session) for session in listed]}
            case "v1", "sessions", name if name in dict(self.sessions):
                found = self._info(name, dict(self.sessions)[name])
            case "v1", "sessions", _:
                return connection.respond(HTTPStatus.NOT_FOUND, json.dumps(UNKNOWN_SESSION))
            case _:
                return None
        return connection.respond(HTTPStatus.OK, json.dumps(found))

    def _info(self, name: str, state: str) -> dict[str, Any]:
        return {"session": name, "state": state, "last_id": len(self.series), "more": 1}

    async def _serve(self, websocket: ServerConnection) -> None:
        assert websocket.request is not None
        parts = urlsplit(websocket.request.path)
        session, from_id = parts.path.split("/")[3], int(parse_qs(parts.query)["from"][0])
        self.asked.append((session, from_id))
        if session not in dict(self.sessions):
            await websocket.close(4404, "no such session")
            return
        plan = self.plans.pop(0) if len(self.plans) > 1 else self.plans[0]
        self.connected += 1
        await self._follow(websocket, plan, from_id)
        self.left.set()

    async def _follow(self, websocket: ServerConnection, plan: Plan, from_id: int) -> None:
        with suppress(ConnectionClosed):
            for sample in [s for s in self.series if s.id >= from_id][: plan.samples]:
                await websocket.send(sample.model_dump_json())
                await asyncio.sleep(plan.pace_s)
            await self._end(websocket, plan.close)
        self.connected -= 1

    async def _end(self, websocket: ServerConnection, close: int | str | None) -> None:
        if close is None:
            await websocket.wait_closed()
        elif isinstance(close, str):
            await asyncio.sleep(0.05)  # let what was sent arrive
            websocket.transport.abort()
        else:
            await websocket.close(close)
