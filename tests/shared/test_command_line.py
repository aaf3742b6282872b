"""`narrowcast` as a user runs it: real processes, and commands of a distribution made up here."""

import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from narrowcast_shared import __version__, logs, options
from narrowcast_shared.command_line import commands
from narrowcast_shared.errors import install_hint

MODULE = '''
import asyncio, sys, time, click
from narrowcast_shared.errors import LinkError, SettingsError

@click.command()
@click.argument("what")
def fail(what):
    r"""Fail in many ways.

    \\b
    Examples:
      narrowcast fail link
      narrowcast fail bug
    """
    if what == "link":
        raise LinkError("nothing listens", "start it")
    if what == "settings":
        raise SettingsError("px is\\n wrong")
    if what == "bug":
        raise RuntimeError("the cat")
    if what == "package":
        import no_such_package
    if what == "room":
        raise OSError(28, "No space left on device")
    if what == "write":
        while True:
            print("line", flush=True)
    async def sleep():
        print("asleep", flush=True)  # asyncio has its own handler by now
        await asyncio.sleep(600)
    try:
        asyncio.run(sleep())
    finally:
        print("tidied", flush=True)
'''


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """An environment where the command `narrowcast fail` is registered."""
    metadata = tmp_path / "made_up-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: made-up\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text(
        "[narrowcast.commands]\nfail = made_up_commands:fail\n"
        "gone = narrowcast_lab.commands.no_such_module:gone\n"
    )
    (tmp_path / "made_up_commands.py").write_text(MODULE)
    return {**os.environ, "PYTHONPATH": str(tmp_path)}


def narrowcast(
    *arguments: str, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "narrowcast_shared", *arguments]
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=90, check=False
    )


# --- finding and listing ---------------------------------------------------------------------


def test_the_console_script_is_the_same_command() -> None:
    script = Path(sys.executable).with_name("narrowcast")
    done = subprocess.run([script, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == narrowcast("--version").stdout == f"narrowcast {__version__}\n"


@pytest.mark.parametrize("arguments", [[], ["-h"], ["--help"]])
def test_help_lists_what_is_registered(arguments: list[str]) -> None:
    result = CliRunner().invoke(commands, arguments)
    assert result.exit_code == 0
    for name in ("encode", "evaluate", "score", "serve", "train", "watch"):
        assert f"\n  {name} " in result.output


def test_a_subcommand_is_imported_only_when_it_is_called() -> None:
    script = (
        "import sys; from narrowcast_shared.command_line import commands\n"
        "commands.main(['watch', '-h'], standalone_mode=False)\n"
        "loaded = {name.partition('.')[0] for name in sys.modules}\n"
        "print(sorted(loaded & {'narrowcast_encoder', 'narrowcast_decoder', 'torch', 'numpy',"
        " 'websockets', 'rich', 'plotext'}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_other_distributions_may_bring_commands(environment: dict[str, str]) -> None:
    listing = " ".join(narrowcast("-h", environment=environment).stdout.split())
    assert "fail Fail in many ways." in listing
    assert "gone Not installed: run `pip install '.[encoder,decoder]'` in your copy" in listing


def test_a_command_whose_component_is_missing_says_what_to_install() -> None:
    script = (
        "import sys; sys.modules['onnxruntime'] = None\n"
        "from narrowcast_shared.command_line import main; main(sys.argv[1:])"
    )
    for arguments in (["serve"], ["serve", "--port", "3", "-h"]):
        done = subprocess.run(
            [sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=False
        )
        assert done.returncode == 1
        assert done.stdout == ""
        assert done.stderr == (
            "narrowcast: error: `narrowcast serve` needs the decoder: "
            "run `pip install '.[decoder]'` in your copy of the repository\n"
        )


def test_examples_keep_their_lines_in_the_help_page(environment: dict[str, str]) -> None:
    page = narrowcast("fail", "-h", environment=environment).stdout
    assert "  Examples:\n    narrowcast fail link\n    narrowcast fail bug\n" in page


@pytest.mark.parametrize("name", ["encode", "evaluate", "score", "serve", "train", "watch"])
def test_every_help_page_is_of_one_design(name: str) -> None:
    """In a process of its own: click keeps the help option of a command's first call."""
    words = [sys.executable, "-m", "narrowcast_shared", name, "-h"]
    page = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert "  -v, --verbose" in page
    assert "  -h, --help" in page
    assert "\\b" not in page


# --- errors ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "status", "line"),
    [
        (["fail", "link"], 1, "nothing listens: start it"),
        (["fail", "settings"], 2, "px is wrong"),
        (
            ["fail", "bug"],
            1,
            "unexpected RuntimeError (the cat): run again with -v for the traceback",
        ),
        (
            ["fail", "package"],
            1,
            f"this needs the package no_such_package: {install_hint('encoder', 'train')}",
        ),
        (["fail", "room"], 1, "there is no room left on the disk that is written to: free some"),
        (["fail"], 2, "Missing argument 'WHAT': try `narrowcast fail -h`"),
        (["fail", "a", "--xyzzy"], 2, "No such option '--xyzzy': try `narrowcast fail -h`"),
        (["fial"], 2, "there is no command 'fial', did you mean 'fail'?: try `narrowcast -h`"),
        (["xyzzy"], 2, "there is no command 'xyzzy': try `narrowcast -h`"),
    ],
)
def test_an_error_is_one_line_and_a_status(
    environment: dict[str, str], arguments: list[str], status: int, line: str
) -> None:
    done = narrowcast(*arguments, environment=environment)
    assert done.returncode == status
    assert done.stdout == ""
    assert done.stderr == f"narrowcast: error: {line}\n"


@pytest.mark.parametrize("arguments", [["-v", "fail", "bug"], ["fail", "bug", "-v"]])
def test_verbose_shows_the_traceback(environment: dict[str, str], arguments: list[str]) -> None:
    done = narrowcast(*arguments, environment=environment)
    assert done.returncode == 1
    assert done.stderr.startswith("Traceback")
    assert done.stderr.endswith("RuntimeError: the cat\n")


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signals_end_it_quietly_and_tidily(
    environment: dict[str, str], number: signal.Signals, status: int
) -> None:
    command = [sys.executable, "-m", "narrowcast_shared", "fail", "sleep"]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "asleep\n"
        process.send_signal(number)
        out, err = process.communicate(timeout=90)
    assert process.returncode == status
    assert (out, err.strip()) == ("tidied\n", "")


def test_a_reader_that_has_enough_is_no_error(environment: dict[str, str]) -> None:
    command = f"{sys.executable} -m narrowcast_shared fail write | head -n 2"
    done = subprocess.run(
        command, shell=True, env=environment, capture_output=True, text=True, check=True, timeout=90
    )
    assert (done.stdout, done.stderr) == ("line\nline\n", "")


# --- quantities ------------------------------------------------------------------------------


@click.command()
@click.option("--rate", type=options.rate)
@click.option("--window", type=options.duration, default="20s")
def quantities(rate: float | None, window: float) -> None:
    click.echo(f"{rate} {window}")


@pytest.mark.parametrize(
    ("text", "bps"),
    [("8k", 8000.0), ("16K", 16000.0), ("1.5M", 1.5e6), ("8000", 8000.0), (".5k", 500.0)],
)
def test_rates_are_bits_a_second(text: str, bps: float) -> None:
    assert options.rate(text) == bps
    assert CliRunner().invoke(quantities, ["--rate", text]).output == f"{bps} 20.0\n"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30s", 30.0),
        ("200ms", 0.2),
        ("2m", 120.0),
        ("1.5 h", 5400.0),
        ("50us", 5e-5),
        ("30", 30.0),
        ("2.5", 2.5),
        ("1d", 86_400.0),
    ],
)
def test_durations_are_seconds(text: str, seconds: float) -> None:
    assert options.duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "k", "8x", "-8k", "1e3", "8 k k", "0", "nan", "8kbit"])
def test_a_wrong_rate_says_how_to_write_one(text: str) -> None:
    with pytest.raises(click.BadParameter, match=r"is no rate; write it like 8k|above 0"):
        options.rate(text)


@pytest.mark.parametrize("text", ["20 parsecs", "0s", "-1s", "s", "0"])
def test_a_wrong_duration_is_named_with_its_option(text: str) -> None:
    result = CliRunner().invoke(quantities, ["--window", text])
    assert result.exit_code == 2
    assert "Invalid value for '--window'" in result.output


# --- logging ---------------------------------------------------------------------------------


@pytest.fixture
def root_logger() -> Iterator[logging.Logger]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield root
    root.handlers[:] = handlers
    root.setLevel(level)


def _speak() -> None:
    ours = logging.getLogger("narrowcast_decoder.hub")
    ours.debug("detail")
    ours.info("event")
    ours.warning("bad\nname %s", "\x1b[2J")
    logging.getLogger("websockets.server").info("chatter")


@pytest.mark.usefixtures("root_logger")
def test_a_record_is_one_line_with_its_time_level_and_name(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.configure(0)
    _speak()
    (line,) = capsys.readouterr().err.splitlines()
    time_, level, rest = line.split(" ", 2)
    assert len(time_) == len("2026-01-31T12:00:00.123+00:00")
    assert (level, rest) == ("warning", r"decoder.hub: bad\nname \x1b[2J")


@pytest.mark.usefixtures("root_logger")
@pytest.mark.parametrize(("verbosity", "lines"), [(0, 1), (1, 2), (2, 3), (3, 4)])
def test_verbosity_adds_levels_and_then_libraries(
    capsys: pytest.CaptureFixture[str], verbosity: int, lines: int
) -> None:
    logs.configure(verbosity)
    logs.at_least(0)  # lowers nothing
    _speak()
    assert len(capsys.readouterr().err.splitlines()) == lines


@pytest.mark.usefixtures("root_logger")
@pytest.mark.parametrize(("verbosity", "lines"), [(1, 1), (2, 4)])
def test_tracebacks_are_for_debugging(
    capsys: pytest.CaptureFixture[str], verbosity: int, lines: int
) -> None:
    logs.configure(verbosity)
    try:
        _ = 1 / 0
    except ZeroDivisionError:
        logging.getLogger("narrowcast_x").exception("it failed")
    told = capsys.readouterr().err.splitlines()
    assert len(told) >= lines
    assert (len(told) == 1) is (lines == 1)
    named = " (ZeroDivisionError: division by zero)"
    assert told[0].endswith("x: it failed" + (named if lines == 1 else ""))


@pytest.mark.usefixtures("root_logger")
def test_records_wait_while_the_terminal_is_drawn_on(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(1)
    logger = logging.getLogger("narrowcast_x")
    with logs.held(limit=2):
        for number in range(3):
            logger.info("number %d", number)
        assert capsys.readouterr().err == ""
    kept = capsys.readouterr().err.splitlines()
    assert [line.rsplit(" ", 1)[1] for line in kept] == ["1", "2"]
    logger.info("again at once")
    assert "again at once" in capsys.readouterr().err
