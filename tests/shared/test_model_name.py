"""What is called the same model, and how it is written."""

import pytest

from narrowcast_shared.model_name import UNKNOWN_MODEL, ModelName

AB, CD = "ab" * 32, "cd" * 32


@pytest.mark.parametrize(
    ("one", "other", "differs"),
    [
        (ModelName(name="oa", sha256=AB), ModelName(name="renamed", sha256=AB), False),
        (ModelName(name="oa", sha256=AB), ModelName(name="oa", sha256=CD), True),
        (ModelName(name="oa", sha256=AB), ModelName(name="oa"), False),
        (ModelName(name="/a/mine.safetensors"), ModelName(name="mine"), False),
        (ModelName(name="oa"), ModelName(name="mine", sha256=AB), True),
        (ModelName(name="oa", sha256=AB), UNKNOWN_MODEL, False),
    ],
)
def test_the_checksum_decides_where_both_have_one(
    one: ModelName, other: ModelName, differs: bool
) -> None:
    assert one.differs(other) is other.differs(one) is differs


def test_as_text() -> None:
    assert str(ModelName(name="oa", sha256=AB)) == "oa (abababab)"
    assert str(ModelName(name="oa")) == "oa"
    assert str(UNKNOWN_MODEL) == "unknown"
