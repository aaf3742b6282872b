"""Marks over HTTP: added, read, refused."""

import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from narrowcast_decoder.store import sqlite_marks
from narrowcast_shared.marks import LATEST_T, MAX_TEXT_CHARS

Serve = Callable[[Callable[[Any], Awaitable[None]]], None]

PATH = "/v1/sessions/anna/marks"


def test_a_mark_is_added_and_read(serve: Serve) -> None:
    async def scenario(running: Any) -> None:  # noqa: ANN401
        await running.service.store.note_started("anna", 1.0)
        assert (await running.client.get(PATH)).json() == []
        first = await running.client.post(PATH, json={"text": "stimulus 3", "t": 1700000000.125})
        assert first.status_code == 201
        assert first.json() == {"id": 1, "t": 1700000000.125, "text": "stimulus 3"}
        second = (await running.client.post(PATH, json={"text": "é" * 200, "t": 5})).json()
        assert (await running.client.get(PATH)).json() == [first.json(), second]
        assert (await running.client.get(f"{PATH}?after=1")).json() == [second]
        assert (await running.client.get(f"{PATH}?limit=1")).json() == [first.json()]

    serve(scenario)


@pytest.mark.parametrize("offset_ms", [None, 86_400_000.0, -5000.0])
def test_a_mark_of_this_moment_is_on_the_encoders_clock(
    serve: Serve, offset_ms: float | None
) -> None:
    """offset_ms: how far the decoder's clock is ahead."""

    async def scenario(running: Any) -> None:  # noqa: ANN401
        hold = await running.service.store.note_started("anna", 1.0)
        if offset_ms is not None:
            await running.service.store.note_clock("anna", offset_ms, 1.0, hold)
        before_t = time.time()
        for body in ({"text": "now"}, {"text": "now", "t": None}):
            mark = (await running.client.post(PATH, json=body)).json()
            at_decoder_t = mark["t"] + (offset_ms or 0) / 1000
            assert before_t - 1e-3 <= at_decoder_t <= time.time() + 1e-3

    serve(scenario)


@pytest.mark.parametrize(("offset_ms", "t"), [(4e15, 0.0), (-4e15, LATEST_T)])
def test_an_encoder_that_tells_of_an_impossible_clock_makes_no_impossible_mark(
    serve: Serve, offset_ms: float, t: float
) -> None:
    async def scenario(running: Any) -> None:  # noqa: ANN401
        hold = await running.service.store.note_started("anna", 1.0)
        await running.service.store.note_clock("anna", offset_ms, 1.0, hold)
        assert (await running.client.post(PATH, json={"text": "now"})).json()["t"] == t

    serve(scenario)


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({}, "body.text"),
        ({"text": ""}, "body.text"),
        ({"text": 5}, "body.text"),
        ({"text": "a" * (MAX_TEXT_CHARS + 1)}, "body.text"),
        ({"text": "two\nlines"}, "body.text"),
        ({"text": "bell \x07"}, "body.text"),
        ({"text": "one\u2028two"}, "body.text"),
        ({"text": "a", "t": "soon"}, "body.t"),
        ({"text": "a", "t": -1}, "body.t"),
        ({"text": "a", "t": LATEST_T + 1}, "body.t"),
        ([], "body"),
    ],
)
def test_what_is_no_mark_is_said_to_be_none(serve: Serve, body: object, where: str) -> None:
    async def scenario(running: Any) -> None:  # noqa: ANN401
        await running.service.store.note_started("anna", 1.0)
        answer = await running.client.post(PATH, json=body)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["where"] == where
        assert await running.service.store.marks("anna") == []

    serve(scenario)


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 422),
        (b"{", 422),
        (b'{"text": "\\ud800"}', 422),
        (b'{"text": "a", "t": NaN}', 422),
        (b'{"text": "a", "t": 1e999}', 422),
        (b'{"text": "\xff"}', 400),
        (b"[" * 16_000, 400),
    ],
)
def test_bodies_that_are_no_json_are_refused(serve: Serve, content: bytes, status: int) -> None:
    async def scenario(running: Any) -> None:  # noqa: ANN401
        await running.service.store.note_started("anna", 1.0)
        headers = {"Content-Type": "application/json"}
        answer = await running.client.post(PATH, content=content, headers=headers)
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"
        assert await running.service.store.marks("anna") == []

    serve(scenario)


def test_marks_of_no_session_are_not_found(serve: Serve) -> None:
    async def scenario(running: Any) -> None:  # noqa: ANN401
        for answer in (
            await running.client.get("/v1/sessions/nobody/marks"),
            await running.client.post("/v1/sessions/nobody/marks", json={"text": "a"}),
        ):
            assert answer.status_code == 404
            assert answer.json()["type"] == "urn:narrowcast:problem:unknown-session"

    serve(scenario)


def test_one_mark_too_many_is_refused(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_marks, "MAX_MARKS", 2)

    async def scenario(running: Any) -> None:  # noqa: ANN401
        await running.service.store.note_started("anna", 1.0)
        statuses = [
            (await running.client.post(PATH, json={"text": "a"})).status_code for _ in range(3)
        ]
        assert statuses == [201, 201, 409]
        assert len((await running.client.get(PATH)).json()) == 2

    serve(scenario)
