"""Every help page is of one design: the same parts, the same words for the same things.

That their examples are command lines that there are is tested in tests/packaging.
"""

import inspect
import re
from collections import defaultdict
from collections.abc import Iterator

import click
import pytest

from narrowcast_lab.reference.walk import contexts

PAGES = list(contexts())
COMMANDS = PAGES[1:]
GROUPS = [page for page in PAGES if isinstance(page.command, click.Group)]
each = pytest.mark.parametrize("context", COMMANDS, ids=lambda context: context.command_path)

VALUES = {
    "ADDRESS", "COLUMN", "FILE", "FOLDER", "FORMAT", "ID", "K", "LIST", "N", "NAME", "NETWORK",
    "ORIGIN", "PATTERN", "RATE", "SESSION", "SOURCE", "T", "TEXT", "TIME", "TOKEN", "TYPE", "URL",
    "X",
}  # fmt: skip
"""What a value may be called: TIME a span (40ms; 30 is seconds), T a point in time,
X any number, N a whole one, RATE bit/s (8k), LIST with commas."""

SPELT_OUT = {
    "RATE[,TIME:RATE]...",
    "TIME|auto",
    "TIME|FILE",
    "NAME|FILE|FOLDER",
    "FILE|FOLDER",
    "FILE|URL",
}

SEVERAL = {
    "--px": "one size for a stream, a LIST where sizes are compared",
    "--qp": "likewise",
    "--cap": "a schedule, or a constant RATE where a bench holds it against a real line",
    "--delay": "of a line; `experiment avec` may find it out",
    "--json": "a flag where samples are written, a FILE where figures are",
    "--out": "a FILE or a FOLDER",
    "--precision": "settings name it TYPE, benches choose",
    "--to": "where a stream goes, or the T where a part of a series ends",
}
"""Options whose values are called differently in different commands, and why that is right."""

LAST = ["--token-file", "--token", "--ca"]
"""Options behind all others but -v and -h."""


def options(command: click.Command) -> Iterator[click.Option]:
    for parameter in command.params:
        if isinstance(parameter, click.Option) and not parameter.hidden:
            yield parameter


def value_of(option: click.Option) -> str:
    """What stands for the option's value; empty for a flag."""
    if option.is_flag or option.count:
        return ""
    if isinstance(option.type, click.Choice) and option.metavar is None:
        return "a choice"
    return option.metavar or f"{option.type.name}, with no name of its own"


def paragraphs(command: click.Command) -> list[str]:
    return inspect.cleandoc(command.help or "").split("\n\n")


@each
def test_it_begins_with_one_short_sentence(context: click.Context) -> None:
    summary = " ".join(paragraphs(context.command)[0].split())
    assert re.fullmatch(r"[A-Z][^.;:]*\.", summary), summary


@pytest.mark.parametrize("context", GROUPS, ids=lambda context: context.command_path)
def test_no_summary_is_cut_short_in_a_listing(context: click.Context) -> None:
    _, _, listing = context.get_help().partition("\nCommands:\n")
    assert "..." not in listing


@each
def test_examples_follow(context: click.Context) -> None:
    examples = paragraphs(context.command)[1].splitlines()
    assert examples[0] == "\b"
    assert examples[1] == "Examples:"
    path = context.command_path
    assert len(examples) >= 4, "two examples at least"
    assert any(line.startswith(f"  {path}") for line in examples[2:])
    assert all(re.match(r"  (\w+=\S+ )?narrowcast ", line) for line in examples[2:])
    assert all(len(line) <= 100 for line in examples)
    assert not context.command.epilog


@each
def test_every_option_says_what_it_is_for(context: click.Context) -> None:
    for option in options(context.command):
        assert option.help, option.name
        assert option.help.endswith("."), f"{option.opts[0]}: {option.help}"
        assert option.help[0].isupper() or option.help.startswith(("x264", "cpu", "auto", "text"))


@each
def test_values_are_called_by_known_names(context: click.Context) -> None:
    for option in options(context.command):
        value = value_of(option)
        assert value in VALUES | SPELT_OUT | {"", "a choice"}, f"{option.opts[0]} {value}"


def test_an_option_is_called_the_same_everywhere() -> None:
    called = defaultdict(lambda: defaultdict(list))
    for context in COMMANDS:
        for option in options(context.command):
            called[option.opts[0]][value_of(option)].append(context.command_path)
    several = {name: dict(found) for name, found in called.items() if len(found) > 1}
    assert {name: found for name, found in several.items() if name not in SEVERAL} == {}
    assert [name for name in SEVERAL if name not in several] == []


SPANS = [
    (context.command_path, option)
    for context in COMMANDS
    for option in options(context.command)
    if str(option.name).endswith(("_s", "seconds")) and not str(option.name).endswith("_per_s")
]


@pytest.mark.parametrize(("path", "option"), SPANS, ids=str)
def test_every_span_of_time_is_written_with_its_unit(path: str, option: click.Option) -> None:
    assert len(SPANS) > 15
    assert "TIME" in value_of(option), path
    if path != "narrowcast serve":  # whose settings are read as one
        read = [option.type.convert(text, option, None) for text in ("6s", "6000ms", "0.1m")]
        assert read == pytest.approx([6.0] * 3), path


@each
def test_access_comes_last(context: click.Context) -> None:
    names = [option.opts[-1] for option in options(context.command)]
    names = [name for name in names if name not in {"--verbose", "--help"}]
    if LAST[0] in names:
        assert names[-len(LAST) :] == LAST
