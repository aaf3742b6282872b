"""Server-sent events, line by line."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Protocol

import httpx
import pytest

from narrowcast_decoder.service import Service
from narrowcast_shared.samples import Sample

Series = Callable[..., list[Sample]]
Serve = Callable[[Callable[[Any], Awaitable[None]]], None]


class Running(Protocol):
    """As conftest.py has it."""

    service: Service
    authority: str
    client: httpx.AsyncClient

    async def publish(self, samples: list[Sample]) -> None: ...
    async def end(self, session: str) -> None: ...
    async def has_subscribers(self, count: int) -> None: ...


END_OF_SESSION = {"event": "end", "data": '{"reason":"ended"}'}
END_OF_SERVICE = {"event": "end", "data": '{"reason":"draining"}'}


HEARTBEAT = {"": "nothing new"}
"""A comment. A busy machine sees one wherever it took its time."""


async def events(
    answer: httpx.Response, *, heartbeats: bool = False
) -> AsyncIterator[dict[str, str]]:
    """Events as their fields; a comment, which is a field without a name, only on request."""
    fields: dict[str, str] = {}
    async for line in answer.aiter_lines():
        if line:
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")
        elif fields:
            if heartbeats or fields != HEARTBEAT:
                yield fields
            fields = {}


def samples_of(received: list[dict[str, str]]) -> list[Sample]:
    """The samples of sample events, whose ids must be those of the samples."""
    samples = []
    for event in received:
        sample = Sample.model_validate_json(event["data"])
        assert (event["event"], event["id"]) == ("sample", str(sample.id))
        samples.append(sample)
    return samples


def test_stored_then_live_then_the_end(serve: Serve, series: Series) -> None:
    async def scenario(running: Running) -> None:
        await running.publish(series("a", 600))
        async with running.client.stream("GET", "/v1/sessions/a/events") as answer:
            assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
            assert answer.headers["cache-control"] == "no-store"
            stream = events(answer)
            assert await anext(stream) == {"retry": "2000"}
            received = [await anext(stream) for _ in range(600)]
            await running.publish(series("a", 3, first_id=601))
            received += [await anext(stream) for _ in range(3)]
            await running.end("a")
            rest = [event async for event in stream]

        assert samples_of(received) == series("a", 603)
        assert rest == [END_OF_SESSION]

    serve(scenario)


@pytest.mark.parametrize(
    ("query", "header", "first"),
    [
        ("", None, 1),
        ("?from=4", None, 4),
        ("", "4", 5),
        ("?from=2", "8", 9),
        ("?from=11", None, 11),
    ],
)
def test_it_starts_where_it_is_asked_to(
    serve: Serve, series: Series, query: str, header: str | None, first: int
) -> None:
    async def scenario(running: Running) -> None:
        await running.publish(series("a", 10))
        await running.end("a")
        answer = await running.client.get(
            f"/v1/sessions/a/events{query}", headers={"Last-Event-ID": header} if header else {}
        )
        lines = answer.text.splitlines()
        ids = [int(line.removeprefix("id: ")) for line in lines if line.startswith("id:")]
        assert ids == list(range(first, 11))
        assert lines[-3:-1] == ["event: end", 'data: {"reason":"ended"}']

    serve(scenario)


def test_a_browser_that_has_all_of_an_ended_session_is_told_to_stop(
    serve: Serve, series: Series
) -> None:
    async def scenario(running: Running) -> None:
        await running.publish(series("a", 10))
        await running.end("a")
        answer = await running.client.get("/v1/sessions/a/events", headers={"Last-Event-ID": "10"})
        assert (answer.status_code, answer.content) == (204, b"")

    serve(scenario)


def test_a_quiet_stream_beats_and_a_drain_ends_it(serve: Serve, series: Series) -> None:
    async def scenario(running: Running) -> None:
        await running.publish(series("a", 1))
        async with running.client.stream("GET", "/v1/sessions/a/events") as answer:
            stream = events(answer, heartbeats=True)
            assert samples_of([(await anext(stream), await anext(stream))[1]]) == series("a", 1)
            assert await anext(stream) == HEARTBEAT
            assert await anext(stream) == HEARTBEAT
            running.service.hub.close()
            rest = [event async for event in stream]
            assert [event for event in rest if event != HEARTBEAT] == [END_OF_SERVICE]

    serve(scenario)


@pytest.mark.parametrize("query", ["", "?replay=true"])
def test_a_session_that_is_deleted_before_it_begins_ends_the_stream_without_a_fault(
    serve: Serve,
    series: Series,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    query: str,
) -> None:
    """It was there when it was asked for. Who connects again hears 404, and stops."""

    async def scenario(running: Running) -> None:
        await running.publish(series("a", 3))
        found = await running.service.store.summary("a")
        answers = iter([found, None])

        async def summary(_: str) -> object:
            return next(answers)

        monkeypatch.setattr(running.service.store, "summary", summary)
        with pytest.raises(httpx.RemoteProtocolError):
            await running.client.get(f"/v1/sessions/a/events{query}")
        assert not [record for record in caplog.records if record.exc_info]

    serve(scenario)


def test_who_leaves_is_forgotten_at_once(serve: Serve, series: Series) -> None:
    async def scenario(running: Running) -> None:
        await running.publish(series("a", 1))
        async with running.client.stream("GET", "/v1/sessions/a/events") as answer:
            await anext(events(answer))
            assert len(running.service.hub) == 1
        await running.has_subscribers(0)

    serve(scenario)


def test_a_client_that_reads_nothing_is_cut_off(serve: Serve, series: Series) -> None:
    """1. It asks and never reads. 2. The stream fills its buffers. 3. It is let go."""

    async def scenario(running: Running) -> None:
        await running.publish(series("a", 60_000))
        host, port = running.authority.split(":")
        _, writer = await asyncio.open_connection(host, int(port), limit=1024)
        writer.write(b"GET /v1/sessions/a/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await running.has_subscribers(1)
        await running.has_subscribers(0)
        writer.transport.abort()

    serve(scenario)


def test_json_in_events_is_the_sample_as_the_series_has_it(serve: Serve, series: Series) -> None:
    async def scenario(running: Running) -> None:
        await running.publish(series("a", 12))
        await running.end("a")
        page = (await running.client.get("/v1/sessions/a/samples")).json()
        text = (await running.client.get("/v1/sessions/a/events")).text
        lines = [line for line in text.splitlines() if line.startswith('data: {"id"')]
        assert [json.loads(line.removeprefix("data: ")) for line in lines] == page["samples"]

    serve(scenario)
