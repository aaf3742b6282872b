"""Tests as a document names them: do they exist?"""

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]

_NAMED = re.compile(r"`(?=t|::)((?:tests/[\w/]+/)?test_\w+\.py)?(?:::(test_\w+))?`")


class NamedTest(NamedTuple):
    """A file, and one of its tests; "" for all of them."""

    file: Path
    test: str


def named(document: Path, folder: Path) -> list[NamedTest]:
    """What the document names in code spans.

    A file without a folder is of this one, and `::test` of the file named last.
    """
    found = []
    file = Path()
    for path, test in _NAMED.findall(document.read_text()):
        if path:
            file = ROOT / path if "/" in path else folder / path
        found.append(NamedTest(file, test))
    return found


def exists(test: NamedTest) -> bool:
    """Whether there is such a file, and in it such a test."""
    return test.file.is_file() and (not test.test or f"def {test.test}(" in test.file.read_text())
