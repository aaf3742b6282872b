"""Any model that can be evaluated, by what the user calls it."""

from narrowcast_models import checkpoint
from narrowcast_models.checkpoint import Card
from narrowcast_models.evaluation.reader import Reader
from narrowcast_models.paper import reader as paper
from narrowcast_models.precision import Precision
from narrowcast_models.recogniser import Recogniser
from narrowcast_shared.errors import WeightsError


def load(model: str, precision: Precision = Precision.FLOAT32) -> tuple[Reader, Card]:
    """A shipped model or a weight file of any known architecture, and its card.

    `precision` is for the product's network; the paper's is always read in float32.

    Raises WeightsError where a file is missing or damaged, or does not fit its network.
    """
    path, card = checkpoint.find(model)
    match card.architecture:
        case checkpoint.ARCHITECTURE:
            return Recogniser(checkpoint.one_for_all(path, card), precision), card
        case paper.ARCHITECTURE:
            return paper.PaperReader.of(path, card), card
        case other:
            raise WeightsError(f"{path} is of architecture {other!r}, which nothing here reads")
