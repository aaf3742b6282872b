"""Any model that can be evaluated, by what the user calls it."""

from narrowcast_models import checkpoint, model_card
from narrowcast_models.evaluation.reader import Reader
from narrowcast_models.model_card import Card
from narrowcast_models.paper import reader as paper
from narrowcast_models.recogniser import Precision, Recogniser
from narrowcast_models.recogniser.torch_backend import TorchRecogniser
from narrowcast_shared.errors import WeightsError

TORCH = "torch"


def precision(name: str) -> Precision | None:
    """What `load` takes, by how commands call it: float32, int8 or torch."""
    return None if name == TORCH else Precision(name)


def load(model: str, precision: Precision | None = None) -> tuple[Reader, Card]:
    """A shipped model or a weight file of any known architecture, and its card.

    precision: of the product's network, read by ONNX Runtime; None reads it by PyTorch, in float32,
    exported or not. The paper's network is always read so.

    Raises WeightsError where a file is missing or damaged, or does not fit its network.
    """
    path, card = model_card.find(model)
    match card.architecture:
        case model_card.ARCHITECTURE:
            if precision is None:
                network = checkpoint.one_for_all(path, card)
                return TorchRecogniser(network, sha256=card.sha256), card
            return Recogniser.load(model, precision), card
        case paper.ARCHITECTURE:
            return paper.PaperReader.of(path, card), card
        case other:
            raise WeightsError(f"{path} is of architecture {other!r}, which nothing here reads")
