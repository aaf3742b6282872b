"""Stored series over HTTP and WebSocket: parts of them, their replay, and their deletion."""

import asyncio
import json
import sqlite3
import time
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from narrowcast_decoder.api import problems
from narrowcast_decoder.series import Follower
from narrowcast_decoder.service import Service
from narrowcast_decoder.store import sqlite_deletion
from narrowcast_decoder.store.interface import StoreBusyError
from narrowcast_decoder.store.sqlite import SqliteStore
from narrowcast_shared.close_codes import CloseCode
from narrowcast_shared.errors import StoreError
from narrowcast_shared.samples import Sample

Series = Callable[..., list[Sample]]
Serve = Callable[[Callable[[Any], Awaitable[None]]], None]


class Running(Protocol):
    """As conftest.py has it."""

    service: Service
    client: httpx.AsyncClient
    live: set[str]

    async def publish(self, samples: list[Sample]) -> None: ...
    async def end(self, session: str) -> None: ...

    def ws(self, path: str) -> str: ...


PATH = "/v1/sessions/a/samples"


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        ({"from_t": 10}, range(250, 1001)),
        ({"to_t": 10}, range(1, 250)),
        ({"from_t": 10, "to_t": 12}, range(250, 300)),
        ({"from_t": 10, "to_t": 12, "from": 290}, range(290, 300)),
        ({"from_t": 10, "to_t": 12, "after": 2, "to": 251}, range(250, 252)),
        ({"from": 5, "to": 7}, range(5, 8)),
        ({"to": 3, "limit": 2}, range(1, 3)),
        ({"from_t": 1000}, range(0)),
        ({"from_t": 10, "to_t": 12, "to": 3}, range(0)),
    ],
)
def test_a_part_of_a_series_as_json_and_as_csv(
    serve: Serve, series: Series, wanted: dict[str, float], ids: range
) -> None:
    """1,000 samples at 25 fps; times here count from the first minute of 2026."""

    async def scenario(running: Running) -> None:
        await running.publish(series("a", 1000))
        query = {k: v + 1767225600 if k.endswith("_t") else v for k, v in wanted.items()}
        page = (await running.client.get(PATH, params=query)).json()
        table = await running.client.get(PATH, params={**query, "format": "csv"})

        assert [sample["id"] for sample in page["samples"]] == list(ids)
        assert [int(line.split(",")[0]) for line in table.text.splitlines()[1:]] == list(ids)
        more = "limit" in wanted
        assert page["next"] == (ids[-1] + 1 if more else None)

    serve(scenario)


def test_a_time_is_looked_for_once_and_not_for_every_page(
    serve: Serve, series: Series, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That takes as long as all of the samples of that time do."""

    async def scenario(running: Running) -> None:
        await running.publish(series("a", 1000))
        span, looks, ids, next_id = running.service.store.span, 0, [], 1

        async def counted(session: str, from_t: float, to_t: float) -> object:
            nonlocal looks
            looks += 1
            return await span(session, from_t, to_t)

        monkeypatch.setattr(running.service.store, "span", counted)
        times = {"from_t": 1767225600 + 10, "to_t": 1767225600 + 30}
        while next_id is not None:
            query = {"from": next_id, "limit": 50, **times}
            page = (await running.client.get(PATH, params=query)).json()
            ids += [sample["id"] for sample in page["samples"]]
            next_id = page["next"]
        assert ids == list(range(250, 750))
        assert looks == 2  # for the first, and where the last ends

    serve(scenario)


def test_samples_of_other_times_in_between_are_left_out(serve: Serve, series: Series) -> None:
    async def scenario(running: Running) -> None:
        times = [1, 2, 3, 1, 2, 3]
        made = [
            s.model_copy(update={"t": float(t)}) for s, t in zip(series("a", 6), times, strict=True)
        ]
        await running.publish(made)
        page = (await running.client.get(PATH, params={"from_t": 2, "to_t": 3})).json()
        assert [sample["id"] for sample in page["samples"]] == [2, 5]
        first = (await running.client.get(PATH, params={"from_t": 3, "limit": 1})).json()
        assert ([s["id"] for s in first["samples"]], first["next"]) == ([3], 6)

    serve(scenario)


async def replayed(running: Running, query: str) -> tuple[list[Sample], list[float], int | None]:
    """What a subscriber gets, when (s from its asking), and the close code."""
    samples, times = [], []
    asked = time.monotonic()
    url = running.ws(f"/v1/sessions/a/subscribe?replay=true{query}")
    async with connect(url, compression=None, proxy=None) as connection:
        try:
            while True:
                samples.append(Sample.model_validate_json(await connection.recv()))
                times.append(time.monotonic())
        except ConnectionClosed:
            pass
    return samples, [at - asked for at in times], connection.close_code


def test_a_replay_has_the_pace_the_messages_and_the_end_of_the_live_series(
    serve: Serve, series: Series
) -> None:
    """2 s of a series at 25 fps, which has not even ended."""

    async def scenario(running: Running) -> None:
        await running.publish(series("a", 51))
        samples, times, code = await replayed(running, "&speed=4")
        assert (samples, code) == (series("a", 51), CloseCode.SESSION_ENDED)
        assert all(at > 0.01 * index - 0.005 for index, at in enumerate(times)), "never early"
        assert times[-1] < 2.0

        samples, times, _ = await replayed(running, "&max_gap=0&from=7")
        assert samples == series("a", 45, first_id=7)
        assert times[-1] < 1.5  # at its pace 1.8

    serve(scenario)


def test_a_replay_as_events_says_that_it_lives_and_ends_with_ended(
    serve: Serve, series: Series
) -> None:
    async def scenario(running: Running) -> None:
        first, second = series("a", 2)
        await running.publish([first, second.model_copy(update={"t": first.t + 99})])
        answer = await running.client.get("/v1/sessions/a/events?replay=true&max_gap=3")
        lines = answer.text.split("\n\n")
        assert lines[-2] == 'event: end\ndata: {"reason":"ended"}'
        assert [line.split("\n")[0] for line in lines[1:-2] if line[0] != ":"] == ["id: 1", "id: 2"]
        assert ": nothing new" in lines

    serve(scenario)


def test_a_drain_ends_a_replay(serve: Serve, series: Series) -> None:
    async def scenario(running: Running) -> None:
        await running.publish(series("a", 1000))
        playing = asyncio.create_task(replayed(running, ""))
        await asyncio.sleep(0.3)
        running.service.hub.close()
        samples, _, code = await playing
        assert code == CloseCode.GOING_AWAY
        assert len(samples) < 100

    serve(scenario)


def test_no_session_is_no_replay(serve: Serve) -> None:
    async def scenario(running: Running) -> None:
        url = running.ws("/v1/sessions/a/subscribe?replay=true&wait=true")
        async with connect(url, compression=None, proxy=None) as connection:
            await connection.wait_closed()
        assert connection.close_code == CloseCode.UNKNOWN_SESSION

    serve(scenario)


def test_a_session_is_deleted_and_its_followers_hear_the_end(serve: Serve, series: Series) -> None:
    async def scenario(running: Running) -> None:
        await running.publish([*series("a", 30), *series("b", 3)])
        async with connect(
            running.ws("/v1/sessions/a/subscribe?from=30"), compression=None, proxy=None
        ) as connection:
            await connection.recv()
            answer = await running.client.delete("/v1/sessions/a")
            await connection.wait_closed()
        assert (answer.status_code, answer.content) == (204, b"")
        assert connection.close_code == CloseCode.SESSION_ENDED
        assert (await running.client.get("/v1/sessions/a")).status_code == 404
        assert (await running.client.delete("/v1/sessions/a")).status_code == 404
        assert (await running.client.get("/v1/sessions/b")).json()["samples"] == 3

    serve(scenario)


def test_who_follows_another_one_of_that_name_does_not_hear_of_the_deletion(
    serve: Serve, series: Series, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name is free at once; the samples of a long session go by and by."""

    async def scenario(running: Running) -> None:
        store, begun_again = running.service.store, asyncio.Event()
        assert isinstance(store, SqliteStore)
        write = store._write

        async def slowly(work: Callable[[sqlite3.Connection], object]) -> object:
            if work is sqlite_deletion.purge:
                await begun_again.wait()
            return await write(work)

        monkeypatch.setattr(store, "_write", slowly)
        # 1. It is deleted, and its name is free.
        await running.publish(series("a", 30))
        deleting = asyncio.create_task(running.client.delete("/v1/sessions/a"))
        while (await running.client.get("/v1/sessions/a")).status_code != 404:
            assert not deleting.done()
        # 2. Another one begins, and is followed.
        await running.publish(series("a", 3))
        with Follower(store, running.service.hub, "a") as follower:
            assert await follower.next_page() == series("a", 3)
            # 3. Nothing of the first one is left, and the other one goes on.
            begun_again.set()
            assert (await deleting).status_code == 204
            await running.publish(series("a", 2, first_id=4))
            assert await follower.next_page(5.0) == series("a", 2, first_id=4)

    serve(scenario)


def test_one_that_is_published_is_deleted_only_by_force(serve: Serve, series: Series) -> None:
    async def scenario(running: Running) -> None:
        await running.publish(series("a", 3))
        hold = await running.service.store.note_started("a", 1000.0)
        for query in ("", "?force=true"):  # nobody here can send a publisher away
            refused = await running.client.delete(f"/v1/sessions/a{query}")
            assert refused.status_code == 409
            assert refused.headers["content-type"] == problems.MEDIA_TYPE
            assert "is being published" in refused.json()["detail"]
            assert "force=true" in refused.json()["remedy"]

        evicted: list[str] = []

        async def evict(session: str) -> None:
            evicted.append(session)
            await running.service.store.note_left(session, hold)

        app = running.service
        object.__setattr__(app, "evict", evict)
        assert (await running.client.delete("/v1/sessions/a?force=true")).status_code == 204
        assert evicted == ["a"]
        assert await app.store.summary("a") is None

    serve(scenario)


def test_health_tells_of_a_store_that_waits_and_of_one_that_has_failed(serve: Serve) -> None:
    async def scenario(running: Running) -> None:
        health = running.service.store_health
        health.failed(StoreBusyError("the store is locked"), 0)
        waiting = await running.client.get("/healthz")
        health.failed(StoreError("the store was deleted", "start again"), 0)
        failed = await running.client.get("/healthz")
        health.worked()
        works = await running.client.get("/healthz")

        assert (waiting.status_code, waiting.json()["store"]) == (200, "waiting")
        assert (failed.status_code, failed.json()["store"]) == (200, "failed")
        assert (works.status_code, works.json()["store"]) == (200, "working")

    serve(scenario)


def test_a_session_says_what_it_holds(serve: Serve, series: Series) -> None:
    async def scenario(running: Running) -> None:
        await running.publish(series("a", 10))
        await running.service.store.trim("a", 4)
        told = json.loads((await running.client.get("/v1/sessions/a")).text)
        assert (told["samples"], told["first_id"], told["last_id"]) == (7, 4, 10)
        assert (told["first_t"], told["last_t"]) == (series("a", 4)[3].t, series("a", 10)[9].t)
        page = (await running.client.get(PATH)).json()
        assert [sample["id"] for sample in page["samples"]] == list(range(4, 11))

    serve(scenario)
