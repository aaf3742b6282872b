"""Nothing that a request asks for is done on a thread of a pool: a storm would fill it."""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import httpx
import pytest
import starlette.concurrency
from websockets.asyncio.client import connect

from narrowcast_shared.samples import Sample

Series = Callable[..., list[Sample]]
Serve = Callable[[Callable[[Any], Awaitable[None]]], None]


class Running(Protocol):
    """As conftest.py has it."""

    client: httpx.AsyncClient

    async def publish(self, samples: list[Sample]) -> None: ...
    async def end(self, session: str) -> None: ...
    def ws(self, path: str) -> str: ...


def test_requests_need_no_thread_of_a_pool(
    serve: Serve, series: Series, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_threads: list[object] = []
    run_sync = starlette.concurrency.anyio.to_thread.run_sync

    def noted(call: Callable[..., Any], *arguments: object, **named: Any) -> Awaitable[Any]:  # noqa: ANN401
        on_threads.append(call)
        return run_sync(call, *arguments, **named)

    monkeypatch.setattr(starlette.concurrency.anyio.to_thread, "run_sync", noted)

    async def scenario(running: Running) -> None:
        await running.publish(series("a", 3))
        await running.end("a")
        for path in ("", "/a", "/a/samples", "/a/samples?format=csv", "/a/events"):
            assert (await running.client.get(f"/v1/sessions{path}")).status_code == 200, path
        for path in ("/healthz", "/readyz", "/metrics", "/openapi.json"):
            assert (await running.client.get(path)).status_code == 200, path
        url = running.ws("/v1/sessions/a/subscribe?replay=true")
        async with connect(url, compression=None, proxy=None) as subscriber:
            assert len([message async for message in subscriber]) == 3
        assert (await running.client.delete("/v1/sessions/a")).status_code == 204

    serve(scenario)
    assert on_threads == []
