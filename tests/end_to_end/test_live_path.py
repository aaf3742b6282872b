"""Encoder, decoder and subscriber as processes of their own."""

import asyncio
import signal
import subprocess
import sys
import time
from contextlib import aclosing
from pathlib import Path
from statistics import fmean
from urllib.parse import urlsplit

import pytest

from narrowcast_client import subscribe
from narrowcast_encoder.session.backfill import HELD_FPS
from narrowcast_lab import processes
from narrowcast_lab.relay import Relay, busiest_bps
from narrowcast_shared.samples import Sample, Status, csv_header

from .series import by_arrival, check, read

SESSION = "cam"
STOP_S = 30.0


def encode(url: str, *arguments: str) -> list[str]:
    return ["encode", "sample", "--to", url, "--session", SESSION, *arguments]


def run(*arguments: str, timeout_s: float = 90) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "narrowcast_shared", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, check=False)


def until_frames(url: str, frames: int, timeout_s: float = 60, *, filled: bool = False) -> None:
    """Wait for so many samples; with `filled`, for those of every outage too."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        try:
            session = processes.get_json(f"{url}/v1/sessions/{SESSION}")
            missing = session["next_seq"] - session["samples"]  # type: ignore[operator]
            if session["samples"] >= frames and not (filled and missing):  # type: ignore[operator]
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise AssertionError(f"{frames} frames did not arrive within {timeout_s} s")


def test_every_frame_has_its_sample_and_faces_are_told_apart(folder: Path) -> None:
    """That live reads as offline: test_real_face.py, where no load can make a frame late."""
    with processes.decoder(folder) as url:
        ended = run(*encode(url, "--px", "32", "--qp", "30"))
        assert (ended.returncode, ended.stderr) == (0, "")
        state, live = read(url, SESSION)
    assert state == "ended"
    assert len(live) == 240
    check(live)
    man = [sample.valence for sample in live[:120] if sample.valence is not None]
    woman = [sample.valence for sample in live[125:] if sample.valence is not None]
    assert fmean(man) < 0.1
    assert min(woman) > 0.5


def test_killed_encoder_then_killed_decoder_and_the_series_goes_on(folder: Path) -> None:
    port = processes.free_port()
    log = folder / "encoder.log"
    url = f"http://127.0.0.1:{port}"
    with processes.decoder(folder, port=port):
        # 1. An encoder is killed in mid-stream.
        with processes.narrowcast(encode(url, "--loop"), log) as first:
            until_frames(url, 30)
            first.kill()
            first.wait()
        killed_at = len(read(url, SESSION).samples)
        # 2. Another takes the session up where it stood.
        with processes.narrowcast(encode(url, "--loop"), log) as second:
            until_frames(url, killed_at + 30)
            # 3. The decoder is killed in mid-stream, and started again seconds later.
            kill_decoder(url)
            killed_s = time.time()
            time.sleep(3.0)
            with processes.decoder(folder, port=port):
                before = len(read(url, SESSION).samples)
                until_frames(url, before + 60, filled=True)
                # 4. The encoder ends in order.
                second.send_signal(signal.SIGTERM)
                assert second.wait(STOP_S) == 0
                state, samples = read(url, SESSION)
                assert state == "ended"
    check(samples)
    _, late = by_arrival(samples)
    assert [s.seq for s in late] == list(range(late[0].seq, late[-1].seq + 1)), "one gap"
    assert late[0].seq >= killed_at
    assert late[0].t < killed_s + 10
    assert late[-1].t > killed_s + 3, "the whole of the decoder's absence"
    read_late = [sample for sample in late if sample.status is Status.OK]
    assert len(read_late) >= HELD_FPS
    assert Status.LOST not in {sample.status for sample in samples}


def kill_decoder(url: str) -> None:
    port = urlsplit(url).port
    for child in processes.children():
        if f"--port\0{port}" in "\0".join(map(str, child.args)):  # type: ignore[arg-type]
            child.kill()
            child.wait()


def test_a_subscriber_lives_through_a_restart_without_gap_or_double(folder: Path) -> None:
    port = processes.free_port()
    url = f"http://127.0.0.1:{port}"

    async def follow(count: int) -> list[Sample]:
        seen: list[Sample] = []
        async with aclosing(subscribe(url, SESSION, wait=True)) as samples:
            async for sample in samples:
                seen.append(sample)
                if len(seen) == 30:
                    await asyncio.to_thread(restart)
                if len(seen) >= count and len(seen) == 1 + max(s.seq for s in seen):
                    break  # what the restart held up has come too
        return seen

    services = []

    def start() -> None:
        service = processes.decoder(folder, port=port)
        service.__enter__()
        services.append(service)

    def restart() -> None:
        services.pop().__exit__(None, None, None)
        start()

    start()
    try:
        with processes.narrowcast(encode(url, "--loop"), folder / "encoder.log"):
            seen = asyncio.run(asyncio.wait_for(follow(120), 90))
    finally:
        services.pop().__exit__(None, None, None)
    check(seen)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_both_cleanly_and_soon(folder: Path, number: int) -> None:
    with processes.decoder(folder) as url:
        with processes.narrowcast(encode(url, "--loop", "-v"), folder / "encoder.log") as encoder:
            until_frames(url, 20)
            started = time.monotonic()
            encoder.send_signal(number)
            assert encoder.wait(STOP_S) == 0
            assert time.monotonic() - started < STOP_S
        assert read(url, SESSION).state == "ended"
        service = processes.children()[-1]  # the encoder has gone
        service.send_signal(number)
        assert service.wait(STOP_S) == 0
    for log in folder.glob("*.log"):
        assert "Traceback" not in log.read_text()


def test_a_draining_decoder_sends_the_encoder_back_later(folder: Path) -> None:
    port = processes.free_port()
    url = f"http://127.0.0.1:{port}"
    with processes.decoder(folder, port=port):
        encoder = processes.narrowcast(encode(url, "--loop", "-v"), folder / "encoder.log")
        encoder.__enter__()
        until_frames(url, 20)
    try:
        with processes.decoder(folder, port=port):
            before = len(read(url, SESSION).samples)
            until_frames(url, before + 20)
    finally:
        encoder.__exit__(None, None, None)
    assert "come back" in (folder / "encoder.log").read_text()


def test_a_second_encoder_of_the_same_name_replaces_the_first(folder: Path) -> None:
    with processes.decoder(folder) as url:
        with processes.narrowcast(encode(url, "--loop"), folder / "first.log") as first:
            until_frames(url, 20)
            with processes.narrowcast(encode(url, "--loop"), folder / "second.log"):
                assert first.wait(90) == 1
                until_frames(url, len(read(url, SESSION).samples) + 20)
        check(read(url, SESSION).samples)
    assert "another encoder" in (folder / "first.log").read_text()


@pytest.mark.parametrize("cap_bps", [6_000, 16_000])
def test_a_capped_run_stays_under_the_cap(folder: Path, cap_bps: int) -> None:
    async def capped(port: int) -> Relay:
        async with Relay(port) as relay:
            arguments = encode(f"http://127.0.0.1:{relay.port}", "--loop", f"--cap={cap_bps}")
            with processes.narrowcast(arguments, folder / "encoder.log"):
                await relay.started.wait()
                await asyncio.sleep(12)
            return relay

    with processes.decoder(folder) as url:
        relay = asyncio.run(capped(urlsplit(url).port or 0))
        _, samples = read(url, SESSION)
    check(samples)
    # The relay may be told late, and then much at once; under a simulated clock it is exact
    # (tests/encoder/test_stream.py).
    assert busiest_bps(relay.billed, 5.0) <= 1.2 * cap_bps
    read_share = sum(sample.status is Status.OK for sample in samples) / len(samples)
    # Few frames, well coded: this face costs three times the table's.
    assert read_share >= (0.03 if cap_bps < 10_000 else 0.1)
    steady = [s.wire_bps for s in samples[len(samples) // 2 :] if s.wire_bps is not None]
    assert max(steady) >= 0.5 * cap_bps, "the cap is used"


def test_an_outage_of_the_line_is_marked_and_survived(folder: Path) -> None:
    async def cut_once(port: int, url: str) -> None:
        async with Relay(port) as relay:
            arguments = encode(f"http://127.0.0.1:{relay.port}", "--loop")
            with processes.narrowcast(arguments, folder / "encoder.log"):
                await asyncio.to_thread(until_frames, url, 30)
                relay.cut()
                before = len(read(url, SESSION).samples)
                await asyncio.to_thread(until_frames, url, before + 40, filled=True)

    with processes.decoder(folder) as url:
        asyncio.run(cut_once(urlsplit(url).port or 0, url))
        check(read(url, SESSION).samples)


def test_csv_of_a_scored_clip_has_one_row_a_frame() -> None:
    scored = run("score", "sample", "--px", "16", "--qp", "30", "--csv")
    assert scored.returncode == 0, scored.stderr
    header, *rows = scored.stdout.splitlines(keepends=True)
    assert header == csv_header()
    assert len(rows) == 240


def test_viewers_are_told_the_address_that_they_know(folder: Path) -> None:
    """Where the encoder's own, as the name of a container, means nothing to them."""
    with processes.decoder(folder) as url:
        ended = run(*encode(url, "--public-url", "https://valence.example/a/"))
        watch = f"narrowcast watch {SESSION} --decoder https://valence.example/a\n"
        assert (ended.returncode, ended.stderr) == (0, "")
        assert watch in ended.stdout
        assert url not in ended.stdout
    refused = run(*encode(url, "--public-url", "valence.example"))
    assert refused.returncode == 2
    assert "'valence.example' is no URL of a decoder" in refused.stderr
