"""Sessions, series and errors over plain HTTP."""

import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest

from narrowcast_decoder.api import problems
from narrowcast_decoder.service import Service
from narrowcast_decoder.store.sqlite import SqliteStore
from narrowcast_shared import __version__
from narrowcast_shared.samples import FIELDS, Sample, csv_header, csv_row


class Running(Protocol):
    service: Service
    client: httpx.AsyncClient
    live: set[str]


Series = Callable[..., list[Sample]]
Serve = Callable[[Callable[[Any], Awaitable[None]]], None]


def test_sessions_and_their_states(serve: Serve, series: Series) -> None:
    async def scenario(running: Running) -> None:
        store = running.service.store
        for session in ("ended", "interrupted", "live"):
            hold = await store.note_started(session, 1000.0)
            await store.append(series(session, 5))
            if session == "interrupted":
                await store.note_left(session, hold)
        await store.note_ended("ended", 1001.0, "finished")

        listed = (await running.client.get("/v1/sessions")).json()["sessions"]
        assert [(each["session"], each["state"]) for each in listed] == [
            ("ended", "ended"),
            ("live", "live"),
            ("interrupted", "interrupted"),
        ]
        one = await running.client.get("/v1/sessions?limit=1")
        assert len(one.json()["sessions"]) == 1
        assert (await running.client.get("/v1/sessions/live")).json() == listed[1]
        assert listed[1]["samples"] == listed[1]["last_id"] == listed[1]["next_seq"] == 5
        assert listed[1]["by_status"] == {"ok": 5, "no_face": 0, "skipped": 0, "lost": 0}
        assert (listed[1]["model"], listed[1]["model_sha256"]) == ("oa", "ab" * 32)

    serve(scenario)


def test_a_series_comes_as_json_page_by_page(serve: Serve, series: Series) -> None:
    async def scenario(running: Running) -> None:
        await running.service.store.append(series("a", 2000))
        path = "/v1/sessions/a/samples"

        seen: list[Sample] = []
        start: int | None = 1
        while start is not None:
            page = (await running.client.get(path, params={"from": start, "limit": 700})).json()
            seen += [Sample.model_validate(sample) for sample in page["samples"]]
            assert page["next"] in {len(seen) + 1, None}
            start = page["next"]
        assert seen == series("a", 2000)

        whole = (await running.client.get(path)).json()
        assert (len(whole["samples"]), whole["next"]) == (1000, 1001)

    serve(scenario)


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("from=0", [1, 2, 3, 4, 5]),
        ("from=1", [1, 2, 3, 4, 5]),
        ("from=4", [4, 5]),
        ("after=0", [1, 2, 3, 4, 5]),
        ("after=4", [5]),
        ("after=5", []),
        ("from=99", []),
        ("after=9223372036854775807", []),
        ("from=2&limit=2", [2, 3]),
    ],
)
def test_from_includes_its_id_and_after_does_not(
    serve: Serve, series: Series, query: str, ids: list[int]
) -> None:
    async def scenario(running: Running) -> None:
        await running.service.store.append(series("a", 5))

        page = (await running.client.get(f"/v1/sessions/a/samples?{query}")).json()
        assert [sample["id"] for sample in page["samples"]] == ids
        table = await running.client.get(f"/v1/sessions/a/samples?{query}&format=csv")
        assert [int(line.split(",")[0]) for line in table.text.splitlines()[1:]] == ids

    serve(scenario)


def test_csv_holds_what_json_holds(serve: Serve, series: Series) -> None:
    async def scenario(running: Running) -> None:
        await running.service.store.append(series("a", 2000))
        path = "/v1/sessions/a/samples"

        table = await running.client.get(path, headers={"Accept": "text/csv, */*;q=0.1"})
        page = (await running.client.get(path, params={"limit": 2000})).json()

        assert table.headers["content-type"] == "text/csv; charset=utf-8"
        assert table.headers["content-disposition"] == 'attachment; filename="a.csv"'
        lines = table.text.splitlines(keepends=True)
        assert lines[0] == csv_header()
        assert lines[1:] == [csv_row(Sample.model_validate(each)) for each in page["samples"]]
        for line, sample in zip(lines[1:], page["samples"], strict=True):
            told = dict(zip(FIELDS, line.rstrip("\n").split(","), strict=True))
            assert told["valence"] == ("" if sample["valence"] is None else str(sample["valence"]))
        assert len(lines) == 2001

    serve(scenario)


@pytest.mark.parametrize(
    ("accept", "query", "media_type"),
    [
        ("*/*", "", "application/json"),
        ("application/json, text/csv", "", "application/json"),
        ("text/csv, application/json", "", "text/csv"),
        ("text/csv", "?format=json", "application/json"),
        ("application/json", "?format=csv", "text/csv"),
    ],
)
def test_the_format_is_what_is_asked_for(
    serve: Serve, series: Series, accept: str, query: str, media_type: str
) -> None:
    async def scenario(running: Running) -> None:
        await running.service.store.append(series("a", 1))
        answer = await running.client.get(
            f"/v1/sessions/a/samples{query}", headers={"Accept": accept}
        )
        assert answer.headers["content-type"].split(";")[0] == media_type
        assert answer.headers["vary"] == "Accept"

    serve(scenario)


PROBLEMS = {
    "unknown session": ("GET", "/v1/sessions/b", 404, "there is no session 'b'"),
    "its samples": ("GET", "/v1/sessions/b/samples", 404, "there is no session 'b'"),
    "its events": ("GET", "/v1/sessions/b/events", 404, "there is no session 'b'"),
    "no such path": ("GET", "/v2", 404, "there is nothing at /v2"),
    "wrong method": ("PUT", "/v1/sessions/a", 405, "PUT is not allowed here"),
    "nothing to delete": ("DELETE", "/v1/sessions/b", 404, "there is no session 'b'"),
    "no session name": ("GET", "/v1/sessions/-a", 422, "path.session: "),
    "no number": ("GET", "/v1/sessions/a/samples?from=x", 422, "query.from: "),
    "below zero": ("GET", "/v1/sessions/a/samples?after=-1", 422, "query.after: "),
    "too large": ("GET", f"/v1/sessions/a/samples?from={2**63}", 422, "query.from: "),
    "no samples": ("GET", "/v1/sessions/a/samples?limit=0", 422, "query.limit: "),
    "no format": ("GET", "/v1/sessions/a/samples?format=xml", 422, "query.format: "),
    "two starts": ("GET", "/v1/sessions/a/samples?from=1&after=1", 422, "Give either"),
    "to before from": ("GET", "/v1/sessions/a/samples?from=7&to=6", 422, "comes before the first"),
    "no time": ("GET", "/v1/sessions/a/samples?from_t=noon", 422, "query.from_t: "),
    "not a number": ("GET", "/v1/sessions/a/samples?from_t=nan", 422, "query.from_t: "),
    "for ever": ("GET", "/v1/sessions/a/samples?to_t=inf", 422, "query.to_t: "),
    "no span": ("GET", "/v1/sessions/a/samples?from_t=2&to_t=2", 422, "later than `from_t`"),
    "no speed": ("GET", "/v1/sessions/a/events?replay=true&speed=0", 422, "query.speed: "),
    "no gap": ("GET", "/v1/sessions/a/events?replay=true&max_gap=-1", 422, "query.max_gap: "),
    "events from x": ("GET", "/v1/sessions/a/events?from=x", 422, "query.from: "),
    "plain subscribe": ("GET", "/v1/sessions/a/subscribe", 426, "speaks WebSocket"),
    "plain publish": ("GET", "/v1/publish", 426, "speaks WebSocket"),
}


@pytest.mark.parametrize("case", PROBLEMS)
def test_every_error_is_a_problem_document(serve: Serve, series: Series, case: str) -> None:
    method, path, status, detail = PROBLEMS[case]

    async def scenario(running: Running) -> None:
        await running.service.store.append(series("a", 1))
        answer = await running.client.request(method, path)

        assert answer.status_code == status
        assert answer.headers["content-type"] == problems.MEDIA_TYPE
        problem = problems.Problem.model_validate(answer.json())
        assert problem.status == status
        assert problem.instance == path.split("?")[0]
        assert detail in problem.detail
        assert (problem.errors is not None) == (status == 422)

    serve(scenario)


def test_a_426_names_the_protocol_and_a_405_the_methods(serve: Serve) -> None:
    async def scenario(running: Running) -> None:
        upgrade = await running.client.get("/v1/publish")
        assert upgrade.headers["upgrade"] == "websocket"
        assert upgrade.headers["connection"].lower() == "upgrade"
        wrong = await running.client.post("/v1/sessions")
        assert wrong.headers["allow"] == "GET"

    serve(scenario)


def test_a_store_that_fails_is_503_and_then_works_again(
    serve: Serve, series: Series, tmp_path: Path
) -> None:
    async def scenario(running: Running) -> None:
        await running.service.store.append(series("a", 1))
        with closing(sqlite3.connect(tmp_path / "series.sqlite", isolation_level=None)) as other:
            other.execute("ALTER TABLE samples RENAME TO hidden")
            answer = await running.client.get("/v1/sessions/a/samples")
            other.execute("ALTER TABLE hidden RENAME TO samples")
        again = await running.client.get("/v1/sessions/a/samples")

        assert answer.status_code == 503
        assert answer.headers["content-type"] == problems.MEDIA_TYPE
        assert answer.headers["retry-after"] == "5"
        assert answer.json()["type"] == "urn:narrowcast:problem:store-failed"
        assert again.status_code == 200

    serve(scenario)


def test_a_csv_that_the_store_cuts_short_does_not_look_complete(
    serve: Serve, series: Series, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(running: Running) -> None:
        store = running.service.store
        await store.append(series("a", 1500))
        read = store.read

        async def read_then_fail(session: str, after_id: int, limit: int) -> list[Sample]:
            if after_id:
                await store.close()
            return await read(session, after_id, limit)

        monkeypatch.setattr(store, "read", read_then_fail)
        with pytest.raises(httpx.RemoteProtocolError, match="incomplete"):
            await running.client.get("/v1/sessions/a/samples?format=csv")

    serve(scenario)


def test_a_fault_is_a_500_that_tells_nothing(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(running: Running) -> None:
        async def broken(_: str) -> None:
            raise RuntimeError("secret")

        monkeypatch.setattr(running.service.store, "summary", broken)
        answer = await running.client.get("/v1/sessions/a")

        assert answer.status_code == 500
        assert answer.headers["content-type"] == problems.MEDIA_TYPE
        assert "secret" not in answer.text

    serve(scenario)


def test_index_and_health(serve: Serve) -> None:
    async def scenario(running: Running) -> None:
        running.live.update({"a", "b"})
        health = await running.client.get("/healthz")
        assert health.json() == {
            "status": "ok",
            "store": "working",
            "version": __version__,
            "model": "oa",
            "model_sha256": "ab" * 32,
            "live_sessions": 2,
        }
        index = (await running.client.get("/")).json()
        for name in ("sessions", "health", "ready", "metrics", "openapi"):
            assert (await running.client.get(index["links"][name])).status_code == 200

    serve(scenario)


def test_a_store_that_cannot_be_written_is_not_ready(serve: Serve) -> None:
    async def scenario(running: Running) -> None:
        store = running.service.store
        assert isinstance(store, SqliteStore)
        await store._writer.run(lambda connection: connection.execute("PRAGMA query_only = ON"))
        answer = await running.client.get("/readyz")
        alive = await running.client.get("/healthz")

        assert answer.status_code == 503
        assert answer.headers["content-type"] == problems.MEDIA_TYPE
        assert answer.headers["retry-after"] == "5"
        problem = problems.Problem.model_validate(answer.json())
        assert problem.checks is not None
        assert list(problem.checks) == ["store"]
        assert "cannot be written" in problem.checks["store"]
        assert alive.status_code == 200

    serve(scenario)


@pytest.mark.parametrize(
    "accept", ["text/plain; version=1.x", "application/openmetrics-text; version=latest"]
)
def test_metrics_come_whatever_version_is_asked_for(serve: Serve, accept: str) -> None:
    async def scenario(running: Running) -> None:
        answer = await running.client.get("/metrics", headers={"Accept": accept})
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/plain;")

    serve(scenario)


def test_metrics_come_as_text_or_as_openmetrics(serve: Serve) -> None:
    async def scenario(running: Running) -> None:
        text = await running.client.get("/metrics")
        accept = "application/openmetrics-text; version=1.0.0"
        openmetrics = await running.client.get("/metrics", headers={"Accept": accept})

        assert text.headers["content-type"].startswith("text/plain; version=")
        assert openmetrics.headers["content-type"].startswith("application/openmetrics-text;")
        assert openmetrics.text.endswith("# EOF\n")
        for page in (text.text, openmetrics.text):
            assert 'narrowcast_samples_total{status="ok"} 0.0' in page
            assert f'narrowcast_build_info{{model="oa",version="{__version__}"}} 1.0' in page

    serve(scenario)
