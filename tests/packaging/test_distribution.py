"""The distribution as it is installed: what it imports, what it registers, what it says."""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType

import click
import pytest
from click.testing import CliRunner

from narrowcast_shared.command_line import commands

ROOT = Path(__file__).parents[2]
GROUP = "narrowcast.commands"

IMPORT_ALL = """
import importlib, pkgutil, sys
for package in ("narrowcast_encoder", "narrowcast_client", "narrowcast_shared"):
    path = importlib.import_module(package).__path__
    for module in pkgutil.walk_packages(path, package + "."):
        old_names = ("narrowcast_shared.client", "narrowcast_shared.baseline")
        if not module.name.endswith(".__main__") and module.name not in old_names:
            importlib.import_module(module.name)
print(*sorted(sys.modules))
"""

PACKAGES = ("narrowcast_encoder", "narrowcast_client", "narrowcast_shared")
OLD_NAMES = {ROOT / "shared/narrowcast_shared" / name for name in ("client.py", "baseline.py")}
"""They warn, and only name the new modules."""

HEAVY = {"torch", "fastapi", "starlette", "uvicorn", "safetensors"}
OTHER_COMPONENTS = {"narrowcast_models", "narrowcast_decoder", "narrowcast_lab"}


def test_the_encoder_and_the_client_load_nothing_heavy() -> None:
    command = [sys.executable, "-W", "error", "-c", IMPORT_ALL]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=90)
    assert done.returncode == 0, done.stderr
    loaded = done.stdout.split()
    sources = [
        path
        for folder in (
            "encoder/narrowcast_encoder",
            "client/narrowcast_client",
            "shared/narrowcast_shared",
        )
        for path in (ROOT / folder).rglob("*.py")
        if path.name not in {"__init__.py", "__main__.py"} and path not in OLD_NAMES
    ]
    ours = [name for name in loaded if name.startswith(PACKAGES)]
    assert len(ours) >= len(sources)  # every one of them, and their packages
    assert not {name.partition(".")[0] for name in loaded} & (HEAVY | OTHER_COMPONENTS)


# --- what errors and documents say to install ------------------------------------------------


def test_install_hints_are_of_a_copy_of_the_repository() -> None:
    """narrowcast is on no index: its name there may be anybody's."""
    listed = subprocess.run(
        ["git", "ls-files", "*.py", "*.md", "*.js", "*.toml", "*.yml", "*Dockerfile"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if listed.returncode:
        pytest.skip("this is no clone: git lists no files")
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = set(extras["optional-dependencies"])
    named: set[str] = set()
    for name in listed.stdout.split():
        text = (ROOT / name).read_text()
        assert not re.search(r"pip install[^\n]*\bnarrowcast\[", text), name
        for found in re.findall(r"""(?:pip install|--editable) '\.\[([a-z,]+)\]'""", text):
            named |= set(found.split(","))
        for found in re.findall(r"""install_hint\(([^)]*)\)""", text):
            named |= set(re.findall(r"""["'](\w+)["']""", found))
    assert {"encoder", "decoder", "lsl", "parquet", "report"} <= named <= extras


# --- commands --------------------------------------------------------------------------------


def _registered() -> dict[str, str]:
    found = entry_points(group=GROUP)
    return {point.name: point.value for point in found if point.module.startswith("narrowcast_")}


def _walk(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    yield path
    if isinstance(command, click.Group):
        for name, child in command.commands.items():
            yield from _walk(child, (*path, name))


def _every_command() -> list[tuple[str, ...]]:
    points = (p for p in entry_points(group=GROUP) if p.name in _registered())
    return [path for point in points for path in _walk(point.load(), (point.name,))]


def test_what_is_installed_is_what_the_project_file_says() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert _registered() == project["entry-points"][GROUP]


@pytest.mark.parametrize("path", _every_command(), ids=" ".join)
def test_a_help_page_has_examples_that_exist(
    path: tuple[str, ...], command_lines: ModuleType
) -> None:
    page = CliRunner().invoke(
        commands, [*path, "--help"], prog_name="narrowcast", terminal_width=200
    )
    assert page.exit_code == 0, page.output
    assert page.output.startswith(f"Usage: narrowcast {' '.join(path)} ")
    command = command_lines.check(path, whole=False)
    if isinstance(command, click.Group):
        return  # the pages of its subcommands have them
    _, _, examples = page.output.partition("Example")
    lines = re.findall(r"^(?:s?:)? *(narrowcast .+)$", examples, flags=re.MULTILINE)
    assert lines, "no example"
    for line in lines:
        for words in command_lines.find(line):
            assert command_lines.check(words) is command, line


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("narrowcast encoed sample", "no command 'encoed'"),
        ("narrowcast encode sample --tp x", "No such option '--tp'"),
        ("narrowcast encode sample --px 200", "200 is not in the range"),
        ("narrowcast encode sample --cap 8x | jq .", "is no rate"),
        ("cd x && .venv/bin/narrowcast encode", "Missing argument 'SOURCE'"),
        ("narrowcast watch a b # two", "too many"),
        ("narrowcast bench wier", "No such command 'wier'"),
    ],
)
def test_a_wrong_command_line_would_be_found(
    line: str, fault: str, command_lines: ModuleType
) -> None:
    (words,) = command_lines.find(line)
    with pytest.raises(click.UsageError) as caught:
        command_lines.check(words)
    assert fault in caught.value.format_message()
