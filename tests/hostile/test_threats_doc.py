"""docs/threats.md: every threat names tests that there are, and every hostile test stops one."""

from pathlib import Path

from ..named_tests import exists, named  # noqa: TID252 - the one there is

HERE = Path(__file__)
NAMED = named(HERE.parents[2] / "docs/threats.md", HERE.parent)


def test_the_tests_it_names_exist() -> None:
    assert len(NAMED) >= 40
    for test in NAMED:
        assert exists(test), test


def test_every_hostile_test_is_of_a_threat() -> None:
    told = {test.file.name for test in NAMED} | {HERE.name}
    assert {file.name for file in HERE.parent.glob("test_*.py")} <= told
