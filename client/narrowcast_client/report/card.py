"""The card of the model that a series was estimated with, and its figures for an operating point.

The component that ships models registers a reader of their cards as the entry point `shipped` of
the group `narrowcast.cards`: a function of a shipped model's name, or of the checksum of its
weights, that gives its card's JSON, or None.
"""

from collections.abc import Callable
from importlib.metadata import entry_points
from typing import NamedTuple

import pydantic
from pydantic import BaseModel

from narrowcast_shared.model_name import ModelName


class Cell(BaseModel):
    """Figures of one size and quantiser; without one: not coded."""

    px: int
    qp: int | None = None
    ccc: float
    rmse: float


class _CardFigures(BaseModel):
    eval_clean: list[Cell] = []


class _Data(BaseModel):
    name: str


class ModelCard(BaseModel):
    """The parts of a card that a report shows. sha256: of the weights."""

    name: str
    parameters: int
    sha256: str
    limits: str
    data: list[_Data] = []
    figures: _CardFigures = _CardFigures()


class Expected(NamedTuple):
    """The cell for an operating point. `finer`: no cell as coarse was measured, so expect less."""

    cell: Cell
    finer: bool


class CardFound(NamedTuple):
    """card: of exactly these weights; where their checksum is unknown, of the shipped model of that
    name. namesake: of a shipped model of that name with other weights. None where there is none.
    """

    card: ModelCard | None = None
    namesake: ModelCard | None = None


def find_card(model: ModelName) -> CardFound:
    """The shipped card for the weights of a series, which may have been renamed."""
    if model.sha256 is None:
        return CardFound(_shipped(model.name) if model.name else None)
    card = _shipped(model.sha256)
    return CardFound(card) if card else CardFound(namesake=_shipped(model.stem))


def _shipped(name_or_sha256: str) -> ModelCard | None:
    """The card of a shipped model; None where there is none, or it cannot be read."""
    for entry_point in entry_points(group="narrowcast.cards"):
        read: Callable[[str], str | None] = entry_point.load()
        text = read(name_or_sha256)
        if text is not None:
            try:
                return ModelCard.model_validate_json(text)
            except pydantic.ValidationError:
                return None
    return None


def expected(card: ModelCard, px: int, qp: int) -> Expected | None:
    """The nearest coded cell that is not finer than the operating point, else the coarsest."""
    coded = [cell for cell in card.figures.eval_clean if cell.qp is not None]
    if not coded:
        return None
    sizes = sorted({cell.px for cell in coded})
    size = max((one for one in sizes if one <= px), default=sizes[0])
    cells = sorted((cell for cell in coded if cell.px == size), key=lambda cell: cell.qp or 0)
    coarse = [cell for cell in cells if (cell.qp or 0) >= qp]
    return Expected(coarse[0] if coarse else cells[-1], not coarse or size > px)
