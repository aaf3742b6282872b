"""What a card leads to expect of a size."""

import pytest

from narrowcast_client.report.card import Cell, ModelCard, expected, find_card
from narrowcast_shared.model_name import ModelName

CELLS = [
    {"px": px, "qp": qp, "ccc": 0.5, "rmse": 0.3} for px in (48, 16) for qp in (None, 24, 30, 36)
]
CARD = ModelCard.model_validate(
    {
        "name": "m",
        "parameters": 1,
        "sha256": "0",
        "limits": "",
        "figures": {"eval_clean": CELLS, "macs_per_chip": 5},
        "of a later version": 1,
    }
)


@pytest.mark.parametrize(
    ("px", "qp", "cell", "finer"),
    [
        (48, 30, (48, 30), False),
        (96, 26, (48, 30), False),
        (40, 30, (16, 30), False),
        (16, 44, (16, 36), True),
        (8, 30, (16, 30), True),
    ],
)
def test_the_nearest_cell_that_is_no_finer(
    px: int, qp: int, cell: tuple[int, int], finer: bool
) -> None:
    found = expected(CARD, px, qp)
    assert found is not None
    assert ((found.cell.px, found.cell.qp), found.finer) == (cell, finer)


def test_a_card_without_coded_cells_says_nothing() -> None:
    bare = CARD.model_copy(deep=True)
    bare.figures.eval_clean = [Cell(px=48, ccc=0.5, rmse=0.3)]
    assert expected(bare, 48, 30) is None


def shipped(name: str) -> ModelCard:
    pytest.importorskip("narrowcast_models")
    card = find_card(ModelName(name=name)).card
    assert card is not None
    assert card.name == name
    return card


def test_the_shipped_cards_are_found_by_name_and_no_others() -> None:
    assert expected(shipped("oa"), 48, 30) is not None
    for name in ("none-such", "../weights/oa", "/elsewhere/oa.safetensors", "/etc/passwd", "*"):
        assert find_card(ModelName(name=name)) == (None, None)
    assert find_card(ModelName()) == (None, None)


@pytest.mark.parametrize("name", ["oa", "renamed", "/elsewhere/oa.safetensors", "oa-l", None])
def test_the_checksum_finds_a_card_under_any_name(name: str | None) -> None:
    oa = shipped("oa")
    assert find_card(ModelName(name=name, sha256=oa.sha256)) == (oa, None)


@pytest.mark.parametrize("name", ["oa", "/elsewhere/oa.safetensors"])
def test_other_weights_of_a_shipped_name_have_no_card_but_a_namesake(name: str) -> None:
    assert find_card(ModelName(name=name, sha256="ab" * 32)) == (None, shipped("oa"))
    assert find_card(ModelName(name="mine", sha256="ab" * 32)) == (None, None)
