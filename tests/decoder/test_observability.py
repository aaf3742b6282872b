"""What a real decoder process tells of itself: /metrics, /readyz, and a log that is JSON."""

import asyncio
import json
import signal
import sqlite3
import time
import urllib.error
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from narrowcast_lab import processes, serve_bench_clips
from narrowcast_lab.serve_bench_load import Plan, play
from narrowcast_shared.operating_point import Rung
from narrowcast_shared.wire import SUBPROTOCOL
from narrowcast_shared.wire.cost import wire_bytes
from narrowcast_shared.wire.messages import (
    Capability,
    Data,
    End,
    EndCode,
    Frame,
    FrameKind,
    Hello,
    KeyframeRequest,
)
from narrowcast_shared.wire.serial import parse, serialise

RUNG = Rung(16, 30)
NOTHING = Capability(0)
Page = dict[tuple[str, str], float]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with processes.decoder(tmp_path_factory.mktemp("decoder")) as service:
        yield service


def page(url: str) -> Page:
    """Values by name and label value; those of the process and of histograms' buckets too."""
    with processes._open(f"{url}/metrics") as answer:
        assert answer.headers["Content-Type"].startswith("text/plain; version=")
        told = answer.read().decode()
    families = text_string_to_metric_families(told)
    return {
        (sample.name, "".join(sample.labels.values())): sample.value
        for family in families
        for sample in family.samples
    }


def grown(before: Page, after: Page) -> Page:
    """By how much: `(name without narrowcast_, label value)`."""
    assert before.keys() == after.keys()
    return {
        (name.removeprefix("narrowcast_"), label): value - before[name, label]
        for (name, label), value in after.items()
    }


@asynccontextmanager
async def publishing(
    url: str, session: str, capabilities: Capability = NOTHING
) -> AsyncIterator[ClientConnection]:
    address = url.replace("http", "ws") + "/v1/publish"
    async with connect(address, subprotocols=[SUBPROTOCOL], proxy=None) as socket:  # type: ignore[list-item]
        await socket.send(serialise(Hello(session, bytes(8), 0, 50, capabilities)))
        await socket.recv()
        yield socket


async def until(socket: ClientConnection, kind: type) -> None:
    async with asyncio.timeout(90):
        while not isinstance(parse(await socket.recv(decode=False)), kind):
            pass


def no_faces(first_seq: int, count: int, *, late: bool = False) -> bytes:
    frames = tuple(Frame(i, FrameKind.NO_FACE) for i in range(count))
    return serialise(Data(0, first_seq, frames, late=late))


def test_counters_move_with_streams_and_sum_up(url: str) -> None:
    clips = serve_bench_clips.make(RUNG, 50, 1, 10)
    before = page(url)
    asyncio.run(play(Plan(url, "moves", RUNG, clips, 2, 2, 50, 60, 0, 1), lambda: None))
    told = grown(before, page(url))

    shed = told["samples_total", "skipped"]  # where others keep the machine busy
    assert told["samples_total", "ok"] == 120 - shed > 0
    assert sum(told["samples_total", status] for status in ("no_face", "lost")) == 0
    assert told["frames_received_total", ""] == 120
    assert told["frames_read_total", ""] == 120 - shed
    assert told["messages_received_total", ""] == 2 * (60 + 2), "HELLO, DATA and END"
    assert told["wire_received_bytes_total", ""] > 124 * wire_bytes(0)
    assert told["publishers_ended_total", "finished"] == 2
    assert told["ingest_to_sample_seconds_count", ""] == 120 - shed
    assert told["ingest_to_sample_seconds_sum", ""] > 0
    assert told["batch_frames_sum", ""] >= 120 - shed
    rounds = told["store_write_seconds_count", ""]
    assert rounds == told["batch_frames_count", ""]
    assert 0 < rounds <= 120
    assert told["process_cpu_seconds_total", ""] > 0


def test_gauges_are_of_this_moment(url: str) -> None:
    async def scenario() -> None:
        before = page(url)
        async with publishing(url, "now") as socket:
            subscribe = url.replace("http", "ws") + "/v1/sessions/now/subscribe"
            await socket.send(no_faces(0, 1))
            async with connect(subscribe, proxy=None) as subscriber:
                await subscriber.recv()
                told = grown(before, await asyncio.to_thread(page, url))
                assert (told["streams", ""], told["subscribers", ""]) == (1, 1)
                assert told["inference_queue_frames", ""] == 0
                assert told["subscriber_queue_samples", ""] == 0
            await socket.send(serialise(End(EndCode.FINISHED, 1)))
            await until(socket, End)
        after = await asyncio.to_thread(page, url)
        assert after["narrowcast_streams", ""] == before["narrowcast_streams", ""]
        assert after["narrowcast_store_condition", "working"] == 1
        assert after["narrowcast_store_condition", "failed"] == 0

    asyncio.run(scenario())


def test_no_session_adds_a_label_whatever_its_name(url: str) -> None:
    async def scenario() -> None:
        for name in ("Z" * 64, "0-_.odd"):
            async with publishing(url, name) as socket:
                await socket.send(no_faces(0, 1))
                await socket.send(serialise(End(EndCode.FINISHED, 1)))
                await until(socket, End)

    before = page(url)
    asyncio.run(scenario())
    assert grown(before, page(url))["samples_total", "no_face"] == 2
    with processes._open(f"{url}/metrics") as answer:
        told = answer.read()
    assert b"ZZZ" not in told
    assert b"odd" not in told


def test_late_frames_keyframes_and_lost_ones_are_counted(url: str) -> None:
    slice_first = Data(0, 5, (Frame(5, FrameKind.DELTA, (b"\x41x",)),), RUNG)

    async def scenario() -> None:
        async with publishing(url, "late", Capability.BACKFILL) as socket:
            await socket.send(no_faces(0, 1))
            await socket.send(no_faces(4, 1))
            await socket.send(no_faces(1, 2, late=True))
            await socket.send(serialise(slice_first))
            await until(socket, KeyframeRequest)
            await socket.send(serialise(End(EndCode.FINISHED, 6)))
            await until(socket, End)

    before = page(url)
    asyncio.run(scenario())
    told = grown(before, page(url))
    assert told["frames_late_total", ""] == 2
    assert told["keyframe_requests_total", ""] == 1
    assert told["samples_total", "no_face"] == 4
    assert told["samples_total", "lost"] == 2  # frame 3, never told, and the slice
    assert told["frames_received_total", ""] == 6
    assert told["ingest_to_sample_seconds_count", ""] == 0, "nothing was read"


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("text", "text"),
        (b"\xff" * 9, "stream"),
        (serialise(End(EndCode.FINISHED, 10**7)), "stream"),
    ],
)
def test_violations_are_counted_by_code(url: str, message: bytes | str, code: str) -> None:
    async def scenario() -> None:
        async with publishing(url, "bad") as socket:
            await socket.send(message)
            with pytest.raises(ConnectionClosed):
                await until(socket, KeyframeRequest)

    before = page(url)
    asyncio.run(scenario())
    told = grown(before, page(url))
    assert {c: told["protocol_violations_total", c] for c in ("text", "stream", "greeting")} == {
        "text": code == "text",
        "stream": code == "stream",
        "greeting": 0,
    }
    assert told["publishers_ended_total", "protocol"] == 1


def test_a_stranger_is_told_from_a_broken_encoder(url: str) -> None:
    async def scenario() -> None:
        address = url.replace("http", "ws") + "/v1/publish"
        async with connect(address, subprotocols=[SUBPROTOCOL], proxy=None) as socket:  # type: ignore[list-item]
            await socket.send(b"GET / HTTP/1.1\r\n\r\n")
            await until(socket, End)

    before = page(url)
    asyncio.run(scenario())
    assert grown(before, page(url))["protocol_violations_total", "greeting"] == 1


def readiness(url: str) -> tuple[int, dict[str, Any]]:
    """Status and body of /readyz."""
    try:
        with processes._open(f"{url}/readyz") as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def until_ready(url: str, wanted: int) -> dict[str, Any]:
    """Asks until the status is this one: what was found is believed for a second."""
    deadline = time.monotonic() + 90
    while (found := readiness(url))[0] != wanted:
        assert time.monotonic() < deadline, found
        time.sleep(0.1)
    return found[1]


def test_not_ready_while_the_store_is_locked_or_gone_and_alive_all_the_time(
    tmp_path: Path,
) -> None:
    file = tmp_path / "series.sqlite"
    with processes.decoder(tmp_path) as url:
        assert readiness(url) == (200, {"status": "ready"})
        with closing(sqlite3.connect(file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            body = until_ready(url, 503)
            assert list(body["checks"]) == ["store"]
            assert "is locked by another process" in body["checks"]["store"]
            assert processes.get_json(f"{url}/healthz")["status"] == "ok"
        until_ready(url, 200)
        file.rename(tmp_path / "away")
        assert list(until_ready(url, 503)["checks"]) == ["store"]
        (tmp_path / "away").rename(file)
        until_ready(url, 200)
        assert processes.get_json(f"{url}/healthz")["store"] == "working"


def test_not_ready_while_it_drains(tmp_path: Path) -> None:
    """1. A publisher's frame waits for a locked store. 2. SIGTERM. 3. /readyz says so."""

    async def scenario(url: str) -> None:
        service = processes.children()[-1]
        async with publishing(url, "cam") as socket:
            with closing(sqlite3.connect(tmp_path / "series.sqlite")) as other:
                other.execute("BEGIN IMMEDIATE")
                await socket.send(no_faces(0, 1))
                await asyncio.sleep(0.2)
                service.send_signal(signal.SIGTERM)
                checks: dict[str, str] = {}
                while "accepting" not in checks:  # until it has heard, or answers no more
                    status, body = await asyncio.to_thread(readiness, url)
                    checks = body.get("checks", {})
        assert status == 503
        assert checks["accepting"] == "the service is about to end"

    with processes.decoder(tmp_path) as url:
        asyncio.run(scenario(url))


def log_of(folder: Path) -> list[dict[str, Any]]:
    """The log's records: every line is one."""
    return [json.loads(line) for line in (folder / "decoder.log").read_text().splitlines()]


def test_every_line_of_the_log_is_json_with_session_and_seq(tmp_path: Path) -> None:
    undecodable = Data(0, 3, (Frame(3, FrameKind.DELTA, (b"\x41x",)),), RUNG)

    async def scenario(url: str) -> None:
        async with publishing(url, "cam") as socket:
            await socket.send(no_faces(0, 3))
            await socket.send(serialise(undecodable))
            await until(socket, KeyframeRequest)
            await socket.send("text\n{")
            with pytest.raises(ConnectionClosed):
                await until(socket, KeyframeRequest)

    with processes.decoder(tmp_path, "--log-format", "json", "-vvv") as url:
        asyncio.run(scenario(url))
    records = log_of(tmp_path)
    assert all({"time", "level", "logger", "message"} <= record.keys() for record in records)
    ours = [r for r in records if r["logger"].startswith("narrowcast_") and r["level"] != "debug"]
    about = [(r["level"], r["seq"]) for r in ours if r.get("session") == "cam"]
    assert about == [("info", 0), ("warning", 3), ("warning", 4), ("info", 4)]
    assert "draining" in [r["message"] for r in ours]


def test_the_error_that_ends_it_is_a_record_too(tmp_path: Path) -> None:
    """Another decoder has the port."""
    with processes.decoder(tmp_path) as url:
        port = url.rpartition(":")[2]
        log = tmp_path / "other" / "decoder.log"
        log.parent.mkdir()
        arguments = ["serve", "--port", port, "--log-format", "json"]
        with processes.narrowcast(arguments, log) as second:
            assert second.wait(90) == 2
    (record,) = log_of(log.parent)
    assert record["level"] == "critical"
    assert f"port {port}" in record["message"]
