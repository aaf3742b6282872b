"""The options that several commands share: the line to simulate."""

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from narrowcast_shared import options
from narrowcast_shared.errors import SettingsError
from narrowcast_shared.link import LinkSettings, Trace, constant, parse_schedule
from narrowcast_shared.options import LinkChoice


@click.command()
@click.argument("source")
@options.px_option()
@options.link_options()
@click.option("--last", is_flag=True)
def command(source: str, px: int | None, link: LinkChoice, last: bool) -> None:
    click.echo(f"{source} {px} {last} {' '.join(link.flags())}")


def invoke(*arguments: str) -> str:
    result = CliRunner().invoke(command, ["clip", *arguments])
    assert result.exit_code == 0, result.output
    return result.output.strip()


def test_without_any_there_is_no_cap() -> None:
    assert invoke() == "clip None False"
    assert LinkChoice().settings() == LinkSettings()


@pytest.mark.parametrize(
    "flags",
    [
        ["--cap=8k"],
        ["--cap=32k,10s:4k,20s:0,60s:loop", "--delay=40ms"],
        ["--trace=a b.up", "--trace-scale=0.02", "--delay=2s"],
    ],
)
def test_what_is_asked_for_can_be_handed_on(flags: list[str]) -> None:
    assert invoke("--px", "32", *flags, "--last") == f"clip 32 True {' '.join(flags)}"


def test_the_help_keeps_their_order() -> None:
    text = CliRunner().invoke(command, ["--help"]).output
    places = [text.index(name) for name in ("--px", "--cap", "--trace FILE", "--delay", "--last")]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--cap", "8 apples"), "Invalid value for '--cap': '8 apples' is no rate; write it like"),
        (("--cap", "32k,4k"), "Invalid value for '--cap': '4k' in the cap"),
        (
            ("--delay", "40"),
            "Invalid value for '--delay': '40' is no duration; write it like 30s, 500ms",
        ),
        (("--trace-scale", "0"), "Invalid value for '--trace-scale'"),
    ],
)
def test_what_is_wrong_is_named_with_its_option(arguments: tuple[str, ...], complaint: str) -> None:
    result = CliRunner().invoke(command, ["clip", *arguments])
    assert result.exit_code == 2
    assert complaint in " ".join(result.output.split())


def test_settings(tmp_path: Path) -> None:
    path = tmp_path / "line.up"
    path.write_text("5\n10\n")
    assert LinkChoice(constant(8000), delay_s=0.04).settings() == (constant(8000), 40_000)
    capacity, delay_us = LinkChoice(trace=path, trace_scale=0.5).settings()
    assert isinstance(capacity, Trace)
    assert (capacity.mean_bps, delay_us) == (1_200_000, 0)


@pytest.mark.parametrize(
    ("choice", "complaint"),
    [
        (LinkChoice(trace_scale=0.5), "add --trace"),
        (LinkChoice(parse_schedule("8k"), Path("x.up")), "both"),
        (LinkChoice(trace=Path("none.up")), r"none\.up cannot be read"),
    ],
)
def test_contradictions_are_named(choice: LinkChoice, complaint: str) -> None:
    with pytest.raises(SettingsError, match=complaint):
        choice.settings()


def test_figures_that_could_not_be_written_are_refused_before_the_work(tmp_path: Path) -> None:
    @click.command()
    @options.json_file_option()
    def measure(json_path: Path | None) -> None:
        click.echo(f"measured, into {json_path}")

    def told(path: Path) -> str:
        result = CliRunner().invoke(measure, ["--json", str(path)])
        return f"{result.output.strip()}{result.exception or ''}"

    assert told(tmp_path / "a.json") == f"measured, into {tmp_path / 'a.json'}"
    assert told(tmp_path / "no" / "a.json").endswith("(no such folder): make the folder")
    assert told(tmp_path).endswith("(it is a folder): name a file in it")
