"""README and docs: their links lead somewhere, their command lines exist, their Python runs."""

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import click
import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
each_document = pytest.mark.parametrize(
    "document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT))
)

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"(`+)(.+?)\1", re.DOTALL)
_LINK = re.compile(r"\]\(<?([^)\s>]+)>?(?: \"[^\"]*\")?\)|^\[[^\]]+\]: +(\S+)", re.MULTILINE)
_HEADING = re.compile(r"^#{1,6} +(.+?)(?: +#+)?$", re.MULTILINE)
_ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:")


def blocks(text: str, language: str) -> list[str]:
    """The fenced blocks of one language."""
    return [body for found, body in _FENCE.findall(text) if found == language]


def prose(text: str) -> str:
    """The text without its fenced blocks."""
    return _FENCE.sub("", text)


def spans(text: str) -> list[str]:
    """What stands between backticks in the prose, on one line each."""
    return [" ".join(body.split()) for _, body in _SPAN.findall(prose(text))]


def links(text: str) -> list[str]:
    """Targets that are in this repository."""
    found = ("".join(groups) for groups in _LINK.findall(_SPAN.sub("", prose(text))))
    return [target for target in found if not _ELSEWHERE.match(target)]


def anchors(text: str) -> Iterator[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    seen: dict[str, int] = {}
    for heading in _HEADING.findall(prose(text)):
        shown = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", shown.lower()).replace(" ", "-")
        seen[slug] = seen.get(slug, -1) + 1
        yield f"{slug}-{seen[slug]}" if seen[slug] else slug


@each_document
def test_links_lead_somewhere(document: Path) -> None:
    for target in links(document.read_text()):
        path, _, anchor = target.partition("#")
        file = (document.parent / path).resolve() if path else document
        assert file.exists(), f"{target}: no such file"
        assert file.is_relative_to(ROOT), f"{target}: outside the repository"
        if anchor:
            assert anchor in anchors(file.read_text()), f"{target}: no such heading"


@each_document
def test_command_lines_exist(document: Path, command_lines: ModuleType) -> None:
    text = document.read_text()
    lines = [(block, True) for block in blocks(text, "sh")]
    lines += [(span, False) for span in spans(text) if span.startswith("narrowcast ")]
    for line, whole in lines:
        for words in command_lines.find(line):
            try:
                command_lines.check(words, whole=whole)
            except click.UsageError as error:
                pytest.fail(f"narrowcast {' '.join(words)}: {error.format_message()}")


@each_document
def test_make_targets_exist(document: Path) -> None:
    text = document.read_text()
    makefile = (ROOT / "Makefile").read_text()
    lines = [line for block in blocks(text, "sh") for line in block.splitlines()]
    for line in [*lines, *spans(text)]:
        if target := re.match(r"make ([a-z]+)", line):
            assert re.search(rf"^{target[1]}:", makefile, re.MULTILINE), line


@each_document
def test_python_compiles_and_its_imports_resolve(document: Path) -> None:
    for block in blocks(document.read_text(), "python"):
        tree = ast.parse(block)
        compile(tree, str(document), "exec", dont_inherit=True)
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    importlib.import_module(alias.name)
            elif isinstance(node, ast.ImportFrom) and node.module:
                module = importlib.import_module(node.module)
                for alias in node.names:
                    assert hasattr(module, alias.name), f"{node.module}.{alias.name}"


@each_document
def test_nothing_waits_to_be_filled_in(document: Path) -> None:
    """A line of its own in capitals marks a place for figures that are still to come."""
    assert re.findall(r"^[A-Z]{3,}$", prose(document.read_text()), re.MULTILINE) == []


def test_the_readme_shows_commands_and_python() -> None:
    """What the tests above look at is there."""
    text = (ROOT / "README.md").read_text()
    assert any("narrowcast encode" in block for block in blocks(text, "sh"))
    assert any("subscribe" in block for block in blocks(text, "python"))
    assert len(links(text)) > 5


def test_the_changelog_has_an_unreleased_section() -> None:
    assert "unreleased" in anchors((ROOT / "CHANGELOG.md").read_text())


def test_the_parser_of_documents() -> None:
    text = (
        "# A `b` [c](d.md)\n## A!\n## A!\n[x](one.md#two) `[y](no.md)`\n[z]: three.md\n"
        "```sh\nmake demo # [w](no.md)\n# no heading\n```\n[v](https://example.org) ``a `b` c``\n"
    )
    assert list(anchors(text)) == ["a-b-c", "a", "a-1"]
    assert links(text) == ["d.md", "one.md#two", "three.md"]
    assert blocks(text, "sh") == ["make demo # [w](no.md)\n# no heading\n"]
    assert spans(text) == ["b", "[y](no.md)", "a `b` c"]
