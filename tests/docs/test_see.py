"""What errors point to: each page and heading is there, and each is pointed to from somewhere."""

from pathlib import Path

import pytest

from narrowcast_shared.see import See

from .test_docs import anchors

ROOT = Path(__file__).parents[2]
COMPONENTS = ("shared", "client", "encoder", "models", "decoder", "lab")


@pytest.mark.parametrize("see", See)
def test_there_is_such_a_heading(see: See) -> None:
    path, _, anchor = see.partition("#")
    assert anchor in anchors((ROOT / path).read_text())


def test_each_is_used() -> None:
    code = "".join(path.read_text() for name in COMPONENTS for path in (ROOT / name).rglob("*.py"))
    assert [see for see in See if f"See.{see.name}" not in code] == []
