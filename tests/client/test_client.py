"""The subscriber against a real server that drops, refuses, stalls and talks nonsense."""

import asyncio
import socket
import struct
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from random import Random
from typing import TypedDict, Unpack

import pytest

from narrowcast_client import Notice, State, subscribe
from narrowcast_client.api import delete_session, list_sessions
from narrowcast_lab.free_port import free_port
from narrowcast_shared.errors import LinkError, SettingsError
from narrowcast_shared.remote.address import parse_address
from narrowcast_shared.remote.backoff import FIRST_DELAY_S, LONGEST_DELAY_S, Persistence, delay_s
from narrowcast_shared.remote.refusals import UnreachableError

from .scripted_decoder import Plan, ScriptedDecoder, make_sample

ALL = list(range(1, 31))


class Options(TypedDict, total=False):
    after_id: int
    wait: bool
    patience_s: float
    outage_s: float
    on_notice: Callable[[Notice], None]


async def ids_of(url: str, session: str | None = "cam-1", **options: Unpack[Options]) -> list[int]:
    async with asyncio.timeout(90):
        return [sample.id async for sample in subscribe(url, session, **options)]


def subscribed(
    decoder: ScriptedDecoder, session: str | None = "cam-1", **options: Unpack[Options]
) -> list[int]:
    async def run() -> list[int]:
        async with decoder.listening():
            return await ids_of(decoder.url, session, **options)

    return asyncio.run(run())


# --- the series, whole and once --------------------------------------------------------------


def test_gives_the_whole_series_and_ends_with_the_session() -> None:
    assert subscribed(ScriptedDecoder(Plan(30))) == ALL


def test_begins_after_the_id_it_is_given() -> None:
    decoder = ScriptedDecoder(Plan(30))
    assert subscribed(decoder, after_id=20) == list(range(21, 31))
    assert decoder.asked == [("cam-1", 21)]


@pytest.mark.parametrize("name", [None, "cam-1"])
@pytest.mark.parametrize(("after_id", "first"), [(-4, 27), (-30, 1), (-99, 1)])
def test_may_begin_counted_from_the_end(after_id: int, first: int, name: str | None) -> None:
    decoder = ScriptedDecoder(Plan(2, "abort"), Plan(30))
    assert subscribed(decoder, name, after_id=after_id) == list(range(first, 31))


def test_the_end_of_a_session_is_known_however_many_are_newer() -> None:
    newer = [(f"newer-{number}", "ended") for number in range(1000)]
    decoder = ScriptedDecoder(Plan(30), sessions=[*newer, ("cam-1", "ended")])
    assert subscribed(decoder, after_id=-4) == list(range(27, 31))


@pytest.mark.parametrize("close", ["abort", 1001, 1011, 1012, 1013, 4408])
def test_nothing_is_missed_or_doubled_over_a_lost_connection(close: int | str) -> None:
    decoder = ScriptedDecoder(Plan(10, close), Plan(0, close), Plan(7, close), Plan(30))
    assert subscribed(decoder) == ALL
    assert [from_id for _, from_id in decoder.asked] == [1, 11, 11, 18]


def test_a_sample_that_is_sent_twice_is_given_once() -> None:
    series = [make_sample(id_) for id_ in (1, 2, 2, 1, 3)]
    assert subscribed(ScriptedDecoder(Plan(5), series=series)) == [1, 2, 3]


def test_a_decoder_that_is_restarted_is_found_again() -> None:
    notices: list[Notice] = []
    decoder = ScriptedDecoder(Plan(10, None), Plan(30))

    seen: list[int] = []

    async def read() -> None:
        samples = subscribe(decoder.url, "cam-1", on_notice=notices.append)
        async with asyncio.timeout(90):
            while (sample := await anext(samples, None)) is not None:
                seen.append(sample.id)

    async def run() -> list[int]:
        # 1. ten samples come, and then the decoder goes away
        async with decoder.listening():
            reading = asyncio.create_task(read())
            await _until(lambda: len(seen) == 10)
        # 2. for a while nothing listens there
        await _until(lambda: State.RETRYING in _states(notices))
        await asyncio.sleep(0.3)
        # 3. it is back, and the series goes on
        async with decoder.listening():
            await reading
        return seen

    assert asyncio.run(run()) == ALL
    assert decoder.asked == [("cam-1", 1), ("cam-1", 11)]
    assert _states(notices) == [State.LIVE, State.RETRYING, State.LIVE, State.ENDED]


def test_a_consumer_that_leaves_early_closes_the_connection() -> None:
    async def leave() -> None:
        decoder = ScriptedDecoder(Plan(30, None))
        async with decoder.listening():
            samples = subscribe(decoder.url, "cam-1")
            assert (await anext(samples)).id == 1
            assert decoder.connected == 1
            await samples.aclose()
            await _until(lambda: decoder.connected == 0)

    asyncio.run(leave())


# --- which session ---------------------------------------------------------------------------


def test_takes_the_newest_live_session_where_none_is_named() -> None:
    sessions = [("old", "ended"), ("gone", "interrupted"), ("new", "live"), ("cam-1", "live")]
    decoder = ScriptedDecoder(Plan(30), sessions=sessions)
    assert subscribed(decoder, None) == ALL
    assert decoder.asked == [("new", 1)]


@pytest.mark.parametrize("name", [None, "cam-1"])
def test_waits_for_a_session_and_says_so(name: str | None) -> None:
    notices: list[Notice] = []
    decoder = ScriptedDecoder(Plan(30), sessions=[])

    async def run() -> list[int]:
        async with decoder.listening():
            reading = asyncio.create_task(
                ids_of(decoder.url, name, wait=True, on_notice=notices.append)
            )
            await _until(lambda: State.WAITING in _states(notices))
            assert not reading.done()
            decoder.sessions.append(("cam-1", "live"))
            return await reading

    assert asyncio.run(run()) == ALL
    assert notices[-1] == Notice(State.ENDED, "cam-1")


def test_an_unknown_session_is_an_error_unless_it_is_waited_for() -> None:
    with pytest.raises(LinkError, match=r"knows no session 'cam-9'.*lists those it knows"):
        subscribed(ScriptedDecoder(Plan(30)), "cam-9")


@pytest.mark.parametrize("close", [1002, 1003, 1008, 4401])
def test_a_refusal_is_not_tried_again(close: int | str) -> None:
    decoder = ScriptedDecoder(Plan(3, close))
    with pytest.raises(LinkError, match=rf"refused the subscription \({close}"):
        subscribed(decoder)
    assert len(decoder.asked) == 1


# --- nobody there, or somebody else ----------------------------------------------------------


@pytest.mark.parametrize("session", [None, "cam-1"])
def test_an_unreachable_port_is_given_up_when_patience_is_over(session: str | None) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    began = time.monotonic()
    with pytest.raises(LinkError, match=r"nothing listens at .*: check the URL, or start one"):
        asyncio.run(ids_of(url, session, patience_s=0.6))
    assert time.monotonic() - began > 0.5


def test_an_outage_is_given_up_too() -> None:
    async def run() -> list[int]:
        decoder = ScriptedDecoder(Plan(3, None))
        async with decoder.listening():
            reading = asyncio.create_task(ids_of(decoder.url, outage_s=0.5))
            await _until(lambda: decoder.asked)
        return await reading

    with pytest.raises(LinkError, match="nothing listens at"):
        asyncio.run(run())


NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
WEB_PAGE = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n"
    b"Connection: close\r\n\r\n<html>"
)


@pytest.mark.parametrize("session", [None, "cam-1"])
@pytest.mark.parametrize("answer", [b"SSH-2.0-OpenSSH_9.2\r\n", NOT_FOUND, WEB_PAGE])
def test_what_is_no_decoder_is_called_so_at_once(answer: bytes, session: str | None) -> None:
    async def run() -> list[int]:
        async with _answering(answer) as url:
            return await ids_of(url, session)

    with pytest.raises(LinkError, match="is no narrowcast decoder"):
        asyncio.run(run())


@pytest.mark.parametrize(
    ("status", "words"), [("401 Unauthorized", "not let us in"), ("503 Busy", "cannot answer now")]
)
@pytest.mark.parametrize("session", [None, "cam-1"])
def test_a_status_is_told_for_what_it_is(status: str, words: str, session: str | None) -> None:
    answer = f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()

    async def run() -> list[int]:
        async with _answering(answer) as url:
            return await ids_of(url, session, patience_s=0.3, outage_s=0.3)

    with pytest.raises(LinkError, match=words):
        asyncio.run(run())


@pytest.mark.parametrize("session", [None, "cam-1"])
def test_what_takes_the_connection_and_drops_it_is_tried_again(session: str | None) -> None:
    async def run() -> list[int]:
        async with _answering(b"") as url:
            return await ids_of(url, session, patience_s=0.3)

    with pytest.raises(LinkError, match="took the connection and dropped it"):
        asyncio.run(run())


@pytest.mark.parametrize("session", [None, "cam-1"])
@pytest.mark.parametrize(
    ("answer", "words"),
    [(b"HTTP/1.1 400 Bad\r\n\r\n", "no TLS connection"), (b"", "write http:// where")],
)
def test_tls_where_there_is_none_is_told_as_that(
    answer: bytes, words: str, session: str | None
) -> None:
    async def run() -> list[int]:
        async with _answering(answer) as url:
            return await ids_of(url.replace("http", "https"), session, patience_s=0.3)

    with pytest.raises(LinkError, match=words):
        asyncio.run(run())


def test_a_host_that_does_not_exist_is_named() -> None:
    with pytest.raises(LinkError, match=r"there is no host 'decoder\.invalid': check the URL"):
        asyncio.run(ids_of("http://decoder.invalid", patience_s=0.2))


def test_a_message_that_is_no_sample_is_an_error() -> None:
    class Nonsense:
        id = 1

        def model_dump_json(self) -> str:
            return '{"hello": 1}'

    with pytest.raises(LinkError, match="sent a message that is not a sample"):
        subscribed(ScriptedDecoder(Plan(1), series=[Nonsense()]))


# --- addresses and backoff -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "base", "websocket"),
    [
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000", "ws://127.0.0.1:8000"),
        ("ws://localhost:8000/", "http://localhost:8000", "ws://localhost:8000"),
        ("https://host/face/", "https://host/face", "wss://host/face"),
        ("wss://[::1]:9", "https://[::1]:9", "wss://[::1]:9"),
    ],
)
def test_any_way_of_writing_the_base_url_will_do(url: str, base: str, websocket: str) -> None:
    address = parse_address(url)
    assert address.base == base
    assert address.sessions_url() == f"{base}/v1/sessions"
    wanted = f"{websocket}/v1/sessions/cam-1/subscribe?from=7"
    assert address.subscribe_url("cam-1", 7) == wanted
    assert address.session_url("cam-1") == f"{base}/v1/sessions/cam-1"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1:8000",
        "ftp://host",
        "http://",
        "http://h:99999",
        "http://h/?a=1",
        "http://[::",
        "http://a..b",
        f"http://{'a' * 64}",
        "http://a b",
        "http://a\x00b",
        "http://a/b c",
        "http://a/b\N{LATIN SMALL LETTER O WITH DIAERESIS}",
    ],
)
def test_a_wrong_url_says_how_to_write_one(url: str) -> None:
    with pytest.raises(SettingsError, match="write http://HOST:PORT"):
        asyncio.run(ids_of(url))


@pytest.mark.parametrize("session", ["", "a/b", "../v1", "a b", "-a", "a" * 65])
def test_a_name_that_no_session_has_asks_nobody(session: str) -> None:
    with pytest.raises(SettingsError, match="is no session name: 1 to 64 letters"):
        parse_address("http://host").session_url(session)


@pytest.mark.parametrize(
    ("url", "here"), [("ws://localhost", 1), ("http://127.0.0.9", 1), ("http://1.2.3.4", 0)]
)
def test_this_machine_is_known(url: str, here: int) -> None:
    assert parse_address(url).is_loopback is bool(here)


def test_the_environments_proxy_is_not_asked_for_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert subscribed(ScriptedDecoder(Plan(30)), None) == ALL


def test_delays_double_up_to_the_longest_with_half_left_to_chance() -> None:
    random = Random(7)
    for attempt in range(40):
        full = min(LONGEST_DELAY_S, 0.1 * 2**attempt)
        delays = [delay_s(attempt, random) for _ in range(50)]
        assert full / 2 <= min(delays) < max(delays) <= full


def test_persistence_gives_up_when_the_time_is_over() -> None:
    patient = Persistence(patience_s=10, outage_s=60, now_us=0, random=Random(7))
    assert patient.next_delay_s(0) == pytest.approx(0.1, abs=0.051)
    assert patient.next_delay_s(9_999_000) == pytest.approx(0.001)
    assert patient.next_delay_s(10_000_000) is None
    patient.contact(10_000_000)
    assert patient.next_delay_s(69_000_000) is not None
    assert patient.next_delay_s(70_000_000) is None


def test_a_machine_that_wakes_from_sleep_still_tries_for_its_patience() -> None:
    patient = Persistence(patience_s=600, outage_s=600, now_us=0, random=Random(7))
    patient.contact(5_000_000)
    woke_us = 8 * 3600 * 1_000_000
    delays = [patient.next_delay_s(woke_us + second * 1_000_000) for second in range(600)]
    assert None not in delays[:500]
    assert delays[-1] is None


def test_persistence_starts_over_after_a_success() -> None:
    patient = Persistence(patience_s=1e3, outage_s=1e3, now_us=0, random=Random(7))
    delays = [patient.next_delay_s(0) for _ in range(8)]
    assert delays[-1] >= LONGEST_DELAY_S / 2
    patient.success()
    assert patient.next_delay_s(0) <= FIRST_DELAY_S


def _states(notices: list[Notice]) -> list[State]:
    return [notice.state for notice in notices]


@pytest.mark.parametrize("status", ["200 OK", "503 Busy"])
def test_an_answer_that_is_cut_off_is_worth_another_try(status: str) -> None:
    answer = f"HTTP/1.1 {status}\r\nContent-Length: 100\r\n\r\n{{".encode()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(4096)
        writer.write(answer)
        await writer.drain()
        await asyncio.sleep(0.1)
        linger = struct.pack("ii", 1, 0)  # close by a reset, as a process that is killed may
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.close()

    async def run() -> None:
        server = await asyncio.start_server(handle, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            await list_sessions(parse_address(f"http://127.0.0.1:{port}"))

    with pytest.raises(UnreachableError, match="took the connection and dropped it"):
        asyncio.run(run())


def test_who_is_cancelled_does_not_wait_for_an_answer() -> None:
    """A deletion may take minutes; Ctrl-C does not."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = parse_address(f"http://127.0.0.1:{silent.getsockname()[1]}")

        async def run() -> None:
            async with asyncio.timeout(0.2):
                await delete_session(address, "cam-1")

        with pytest.raises(TimeoutError):
            asyncio.run(run())


async def _until(condition: Callable[[], object]) -> None:
    for _ in range(9000):
        if condition():
            return
        await asyncio.sleep(0.01)
    pytest.fail("it did not come to that within 90 s")


@asynccontextmanager
async def _answering(answer: bytes) -> AsyncIterator[str]:
    """Something that says the same to everybody and hangs up."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(4096)
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
