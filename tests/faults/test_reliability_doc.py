"""docs/reliability.md: every promise names tests that there are."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOC = (ROOT / "docs/reliability.md").read_text()

_NAMED = re.compile(r"`(?=t|::)((?:tests/[\w/]+/)?test_\w+\.py)?(?:::(test_\w+))?`")


def named() -> list[tuple[Path, str]]:
    """Files and tests as the table has them; `::test` is of the file named last."""
    found = []
    file = Path()
    for path, test in _NAMED.findall(DOC):
        if path:
            file = ROOT / path if "/" in path else Path(__file__).with_name(path)
        found.append((file, test))
    return found


def test_the_tests_it_names_exist() -> None:
    assert len(named()) >= 20
    for file, test in named():
        assert file.is_file(), file
        assert f"def {test}(" in file.read_text() if test else True, test


def test_every_test_of_a_fault_holds_a_promise() -> None:
    promised = {file.name for file, _ in named()} | {Path(__file__).name}
    assert {file.name for file in Path(__file__).parent.glob("test_*.py")} <= promised
