"""docs/reliability.md: every promise names tests that there are."""

from pathlib import Path

from ..named_tests import exists, named  # noqa: TID252 - the one there is

HERE = Path(__file__)
NAMED = named(HERE.parents[2] / "docs/reliability.md", HERE.parent)


def test_the_tests_it_names_exist() -> None:
    assert len(NAMED) >= 20
    for test in NAMED:
        assert exists(test), test


def test_every_test_of_a_fault_holds_a_promise() -> None:
    promised = {test.file.name for test in NAMED} | {HERE.name}
    assert {file.name for file in HERE.parent.glob("test_*.py")} <= promised
