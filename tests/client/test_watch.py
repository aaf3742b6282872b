"""`narrowcast watch`: the drawing as a pure function, and the command on a real terminal."""

import asyncio
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from fcntl import ioctl

import pytest
from rich.console import Console

from narrowcast_client import Notice, State
from narrowcast_client.terminal import history, plot
from narrowcast_client.terminal.history import History
from narrowcast_client.terminal.screen import Caption, draw
from narrowcast_client.terminal.watch import Form, Show, watch_session
from narrowcast_shared.samples import FIELDS, Sample, Status, csv_row

from .scripted_decoder import Plan, ScriptedDecoder, make_sample

CAPTION = Caption("cam-1", "http://127.0.0.1:8000", "live")
WATCH = [sys.executable, "-m", "narrowcast_shared", "watch"]


def history_of(samples: Iterable[Sample], window_s: float = 20.0) -> History:
    history = History(window_s)
    for sample in samples:
        history.add(sample)
    return history


def eventful(count: int = 700) -> list[Sample]:
    """28 s at 25 fps: read, then no face, lost and skipped frames, then one frame in five."""

    def status(id_: int) -> Status:
        if 300 < id_ < 380:
            return Status.NO_FACE
        if 450 < id_ < 480:
            return Status.LOST
        return Status.SKIPPED if id_ > 550 and id_ % 5 else Status.OK

    return [make_sample(id_, status=status(id_)) for id_ in range(1, count + 1)]


def text_of(history: History, caption: Caption, width: int, height: int) -> list[str]:
    console = Console(width=width, height=height, color_system=None, legacy_windows=False)
    with console.capture() as capture:
        console.print(draw(history, caption, width, height))
    return capture.get().rstrip("\n").split("\n")


# --- the drawing -----------------------------------------------------------------------------


@pytest.mark.parametrize("width", [24, 40, 56, 60, 100, 160, 250])
@pytest.mark.parametrize("height", [1, 4, 8, 12, 16, 24, 60])
@pytest.mark.parametrize("count", [0, 1, 700])
def test_the_drawing_fits_whatever_the_size(width: int, height: int, count: int) -> None:
    history = history_of(eventful(count))
    lines = text_of(history, CAPTION._replace(notice=("w" * 300,)), width, height)
    assert len(lines) <= height
    assert max(map(len, lines)) <= width


@pytest.mark.parametrize(("width", "height"), [(60, 20), (100, 30), (160, 40)])
def test_the_drawing_shows_what_there_is_to_know(width: int, height: int) -> None:
    lines = text_of(history_of(eventful()), CAPTION, width, height)
    page = "\n".join(lines)
    assert lines[0].startswith("cam-1  live ")
    assert lines[0].endswith(" http://127.0.0.1:8000")
    for row in plot.large_digits("-0.68"):  # 0.7 sin(700 / 40)
        assert row.rstrip() in page
    assert "±0.10  ok" in page
    assert "-1 negative" in page
    assert "32 px   QP 30   9.8 kbit/s   31 ms   700 samples" in page
    assert "▄ ok 472   ▒ no face 79   ╌ not sent 120   x lost 29" in page
    assert re.search(r"┬\n +-20 s.*-10 s.*now", page)
    curve = [line for line in lines if line[4:5] in ("│", "┤", "├")]
    assert len(curve) == height - 12
    assert any("\u2800" < char <= "\u28ff" for line in curve for char in line)


def test_the_plot_has_a_gap_where_there_is_no_value() -> None:
    samples = [
        make_sample(id_, status=Status.NO_FACE if 200 <= id_ < 400 else Status.OK)
        for id_ in range(1, 502)
    ]
    width = plot.MARGIN + 100
    area = [line.plain[plot.MARGIN :] for line in plot.draw_plot(samples, 20.0, width, 20)[:-2]]
    filled = {x for line in area for x, char in enumerate(line) if "\u2800" < char <= "\u28ff"}
    assert {x for x in range(100) if x not in filled} >= set(range(42, 78))
    assert {*range(38), *range(82, 99)} <= filled


def test_before_the_first_sample_the_notice_has_the_screen() -> None:
    notice = tuple(history.notice(Notice(State.WAITING, None, "no session is live"), "http://h:1"))
    lines = text_of(history_of([]), Caption("", "http://h:1", "waiting", notice), 60, 20)
    assert lines[2:] == [
        "no session is live; waiting. Start one with:",
        "narrowcast encode sample --to http://h:1",
    ]


def test_an_old_value_does_not_stand_for_now() -> None:
    samples = [make_sample(1), *(make_sample(i, status=Status.NO_FACE) for i in range(2, 40))]
    assert history_of(samples[:20]).newest_read == samples[0]
    assert history_of(samples).newest_read is None
    assert "no face" in text_of(history_of(samples), CAPTION, 60, 12)[1]


def test_the_bar_grows_from_zero_towards_the_value() -> None:
    def bar(valence: float) -> str:
        sample = make_sample(1).model_copy(update={"valence": valence, "sigma": 0.1})
        line = text_of(history_of([sample]), CAPTION, 50, 8)[1]
        return re.sub(r"^.* ok *", "", line)

    positive, negative = bar(0.5), bar(-0.5)
    assert re.fullmatch(r"─+┼█+░+─+", positive)
    assert negative == positive[::-1]
    assert bar(1.0).endswith("█")


def test_the_history_is_bounded_and_still_counts_all() -> None:
    history = history_of((make_sample(id_, fps=1000) for id_ in range(1, 5001)), window_s=2.0)
    assert len(history.window()) == 241  # 2 s at the highest frame rate, 120 fps
    assert history.total == history.counts[Status.OK] == 5000
    assert history.mean_valence == pytest.approx(
        sum(make_sample(id_).valence or 0 for id_ in range(1, 5001)) / 5000
    )


def test_the_window_holds_what_was_captured_within_it() -> None:
    history = history_of((make_sample(id_) for id_ in range(1, 101)), window_s=2.0)
    assert [sample.id for sample in history.window()] == list(range(50, 101))


def test_the_curve_breaks_for_missing_faces_but_not_for_a_low_frame_rate() -> None:
    def parts(statuses: str) -> list[int]:
        kinds = {"o": Status.OK, "s": Status.SKIPPED, "n": Status.NO_FACE, "l": Status.LOST}
        samples = [make_sample(i, status=kinds[c]) for i, c in enumerate(statuses, 1)]
        return [len(part) for part in plot.segments(samples)]

    assert parts("oosssoo") == [4]
    assert parts("oonoo") == [2, 2]
    assert parts("oosloo") == [2, 2]
    assert parts("nnooonn") == [3]
    assert parts("oo" + "s" * 13 + "oo") == [2, 2]  # 0.56 s
    assert parts("ssnn") == []


def test_points_that_fall_on_one_dot_are_one() -> None:
    part = [plot.Point(-1.0, 0.2, 0.1), plot.Point(-0.99, 0.4, 0.3), plot.Point(0.0, 1.0, 0.1)]
    first, last = plot.thin(part, window_s=10.0, dots=100)
    assert first == pytest.approx((-0.995, 0.3, 0.2))
    assert last == part[2]


def test_a_column_of_the_strip_shows_the_worst_but_a_value_over_skips() -> None:
    ok, no_face, skipped, lost = Status
    rows = [[ok, skipped], [skipped, skipped], [ok, no_face], [no_face, lost], []]
    samples = [
        make_sample(1).model_copy(update={"t": float(column), "status": status})
        for column, statuses in enumerate(rows)
        for status in statuses
    ]
    newest = make_sample(2).model_copy(update={"t": 5.0})
    shown = plot.columns([*samples, newest], window_s=5.0, width=6)
    assert shown == [ok, skipped, no_face, lost, None, ok]


def test_digits_are_three_lines_of_equal_width() -> None:
    assert plot.large_digits("+0.1") == [" ▄  █▀█   ▀█ ", "▀█▀ █ █    █ ", "    ▀▀▀ ▀ ▀▀▀"]


def test_a_plain_line_says_it_all() -> None:
    line = history.line(make_sample(10))
    assert re.fullmatch(
        r"\d\d:\d\d:\d\d cam-1 #10 ok \+0\.17 ±0\.10, 32 px QP 30, 9\.8 kbit/s, 31 ms", line
    )
    assert history.line(make_sample(10, status=Status.NO_FACE)).endswith("#10 no face, 9.8 kbit/s")
    capped = make_sample(10).model_copy(update={"cap_bps": 16_000})
    assert history.wire_rate(capped) == "9.8 of 16.0 kbit/s"


def test_the_summary_counts() -> None:
    counted = "cam-1: 700 samples (472 ok, 79 no face, 120 not sent, 29 lost), mean valence "
    assert history.summary("cam-1", history_of(eventful())).startswith(counted)
    assert history.summary("cam-1", history_of([])) == "cam-1: 0 samples"


# --- the command, its output piped -----------------------------------------------------------


async def piped(decoder: ScriptedDecoder, *arguments: str) -> tuple[int | None, str, str]:
    """Exit status, standard output and standard error of `watch` against the decoder."""
    process = await _started(decoder, *arguments)
    async with asyncio.timeout(90):
        out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


async def _started(decoder: ScriptedDecoder, *arguments: str) -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(
        *WATCH, *arguments, "--decoder", decoder.url, stdout=pipe, stderr=pipe
    )


def watched(decoder: ScriptedDecoder, *arguments: str) -> tuple[int | None, str, str]:
    async def run() -> tuple[int | None, str, str]:
        async with decoder.listening():
            return await piped(decoder, *arguments)

    return asyncio.run(run())


def test_json_is_every_sample_once_over_a_lost_connection() -> None:
    decoder = ScriptedDecoder(Plan(10, "abort"), Plan(30))
    status, out, err = watched(decoder, "--json")
    assert status == 0
    assert [Sample.model_validate_json(line) for line in out.splitlines()] == decoder.series
    lost = f"the decoder at {decoder.url} closed the connection (1006)"
    assert err == f"narrowcast: {lost}; trying again\n"


def test_json_comes_at_once() -> None:
    async def run() -> None:
        async with ScriptedDecoder(Plan(3, None)).listening() as decoder:
            process = await _started(decoder, "cam-1", "--json", "--after", "-3")
            assert process.stdout is not None
            async with asyncio.timeout(90):
                ids = [json.loads(await process.stdout.readline())["id"] for _ in range(3)]
            assert ids == [28, 29, 30]
            assert process.returncode is None
            process.send_signal(signal.SIGINT)
            async with asyncio.timeout(90):
                await process.communicate()
            assert process.returncode == 130

    asyncio.run(run())


def test_csv_has_a_header_and_every_sample() -> None:
    decoder = ScriptedDecoder(Plan(30), series=eventful(400))
    decoder.plans = [Plan(400)]
    status, out, _ = watched(decoder, "cam-1", "--csv", "--after", "290")
    assert status == 0
    assert out == ",".join(FIELDS) + "\n" + "".join(map(csv_row, decoder.series[290:]))


def test_without_a_terminal_it_is_a_line_a_second_and_a_summary() -> None:
    decoder = ScriptedDecoder(Plan(60, 1000, pace_s=0.04), series=eventful(60))
    began = time.monotonic()
    status, out, err = watched(decoder)
    assert status == 0
    assert 2 <= len(out.splitlines()) <= time.monotonic() - began + 2, "2.4 s or more"
    assert out.splitlines()[-1] == history.line(decoder.series[-1])
    assert err == history.summary("cam-1", history_of(decoder.series)) + "\n"


def test_it_waits_for_a_session_and_says_how_to_start_one() -> None:
    async def run() -> None:
        async with ScriptedDecoder(Plan(30), sessions=[]).listening() as decoder:
            process = await _started(decoder, "anna", "--json")
            assert process.stderr is not None
            async with asyncio.timeout(90):
                told = await process.stderr.readline()
                decoder.sessions.append(("anna", "live"))
                out, err = await process.communicate()
            assert told.decode() == (
                f"narrowcast: the decoder at {decoder.url} knows no session 'anna'; waiting. "
                f"Start one with: narrowcast encode sample --to {decoder.url} --session anna\n"
            )
            assert (len(out.splitlines()), err, process.returncode) == (30, b"", 0)

    asyncio.run(run())


def test_a_reader_that_has_enough_ends_it_quietly() -> None:
    async def run() -> tuple[bytes, bytes]:
        async with ScriptedDecoder(Plan(30, 1000, pace_s=0.02)).listening() as decoder:
            command = f"{' '.join(WATCH)} --json --decoder {decoder.url} | head -n 2"
            pipe = asyncio.subprocess.PIPE
            process = await asyncio.create_subprocess_shell(command, stdout=pipe, stderr=pipe)
            async with asyncio.timeout(90):
                return await process.communicate()

    out, err = asyncio.run(run())
    assert (len(out.splitlines()), err) == (2, b"")


@pytest.mark.parametrize(
    ("arguments", "status", "words_"),
    [
        (["--decoder", "http://127.0.0.1:9", "--patience", "100ms"], 1, "nothing listens at"),
        (["--decoder", "somewhere"], 2, "'somewhere' is no URL of a decoder: write"),
        (["--json", "--csv"], 2, "--json and --csv exclude each other: try `narrowcast watch -h`"),
        (["--speed", "2"], 2, "--speed and --max-gap belong to a replay: add --replay: try"),
        (["--window", "2O"], 2, "Invalid value for '--window': '2O' is no duration; write it like"),
    ],
)
def test_what_cannot_be_is_one_line(arguments: list[str], status: int, words_: str) -> None:
    done = subprocess.run(
        [*WATCH, *arguments], capture_output=True, text=True, timeout=90, check=False
    )
    assert done.returncode == status
    assert done.stderr.splitlines()[-1].startswith(f"narrowcast: error: {words_}")
    assert "Traceback" not in done.stderr


def test_the_coroutine_stops_when_it_is_told_to(capsys: pytest.CaptureFixture[str]) -> None:
    async def run() -> None:
        async with ScriptedDecoder(Plan(30, None)).listening() as decoder:
            await watch_session(decoder.url, show=Show(Form.JSON), stop_after_s=0.5)

    began = time.monotonic()
    asyncio.run(run())
    assert time.monotonic() - began >= 0.5
    ids = [json.loads(line)["id"] for line in capsys.readouterr().out.splitlines()]
    assert ids == list(range(1, len(ids) + 1)), "as many as came in that time"


# --- the command, on a terminal --------------------------------------------------------------


HOME = "\x1b[H"
ENTER_SCREEN, LEAVE_SCREEN = "\x1b[?1049h", "\x1b[?1049l"
HIDE_CURSOR, SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"


class Terminal:
    """A pseudo-terminal with a process on it, and all that it wrote."""

    def __init__(self, *command: str, columns: int, lines: int) -> None:
        self.master, slave = pty.openpty()
        self.resize(columns, lines)
        environment = {**os.environ, "TERM": "xterm-256color"}
        environment.pop("COLUMNS", None)
        environment.pop("LINES", None)
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=environment, close_fds=True
        )
        os.close(slave)

    def resize(self, columns: int, lines: int) -> None:
        ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def read(self, seconds: float, *, screens: int = 1000) -> str:
        """What it writes within so much time, so many screens, or until it ends."""
        written, deadline = bytearray(), time.monotonic() + seconds
        while written.count(HOME.encode()) < screens and (left := deadline - time.monotonic()) > 0:
            if not select.select([self.master], [], [], left)[0]:
                break
            try:
                chunk = os.read(self.master, 65536)
            except OSError:  # the other side is closed
                break
            written += chunk
        return written.decode(errors="replace")

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.master)


@asynccontextmanager
async def _terminal(decoder: ScriptedDecoder, columns: int, lines: int) -> AsyncIterator[Terminal]:
    async with decoder.listening():
        terminal = Terminal(*WATCH, "--decoder", decoder.url, columns=columns, lines=lines)
        try:
            yield terminal
        finally:
            terminal.close()


_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def _last_frame(written: str) -> list[str]:
    return _ESCAPES.sub("", written.rsplit(HOME, 2)[-2]).split("\r\n")


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_on_a_terminal_it_draws_follows_its_size_and_leaves_it_clean(
    number: signal.Signals, status: int
) -> None:
    async def run() -> None:
        decoder = ScriptedDecoder(Plan(400, None, pace_s=0.02), series=eventful(400))
        async with _terminal(decoder, 100, 30) as terminal:
            # 1. it draws, on a screen of its own
            written = await asyncio.to_thread(terminal.read, 90.0, screens=5)
            began = time.monotonic()
            assert ENTER_SCREEN in written
            assert HIDE_CURSOR in written
            frame = _last_frame(written)
            assert len(frame) == 30
            assert max(map(len, frame)) == 100
            assert frame[0].startswith("cam-1  live")
            # 2. no more than ten times a second
            written = await asyncio.to_thread(terminal.read, 90.0, screens=10)
            backlog = 5  # that may have been written before, on a busy machine
            assert written.count(HOME) <= 10 * (time.monotonic() - began) + backlog
            # 3. the terminal is made smaller
            terminal.resize(60, 18)
            for _ in range(20):  # what was written before is larger
                written = await asyncio.to_thread(terminal.read, 90.0, screens=4)
                frame = _last_frame(written)
                if len(frame) == 18:
                    break
            assert len(frame) == 18
            assert max(map(len, frame)) == 60
            # 4. it is ended
            terminal.process.send_signal(number)
            written = await asyncio.to_thread(terminal.read, 90.0)
            assert await asyncio.to_thread(terminal.process.wait, 90) == status
            assert LEAVE_SCREEN in written
            assert SHOW_CURSOR in written
            assert "mean valence" in written.split(LEAVE_SCREEN)[1]
            assert "Traceback" not in written

    asyncio.run(run())
