"""Weights as safetensors, for PyTorch: written with their card, loaded strictly, not unpickled."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from narrowcast_models import model_card
from narrowcast_models.model_card import ARCHITECTURE, DEFAULT_MODEL, Card
from narrowcast_models.networks.one_for_all import OneForAll, OneForAllConfig
from narrowcast_shared.errors import WeightsError

Network = TypeVar("Network", bound=nn.Module)


def save(network: nn.Module, card: Card, path: Path) -> Card:
    """Write weights and card; the card's checksum and parameter count are filled in here.

    Raises WeightsError where they cannot be written.
    """
    tensors = {name: t.detach().cpu().contiguous() for name, t in network.state_dict().items()}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file(tensors, path)
        path.chmod(0o644)  # it is written for its owner alone, and images run as somebody else
    except (SafetensorError, OSError) as error:
        raise WeightsError(f"{path} cannot be written ({_first_line(error)})") from error
    card = card.model_copy(
        update={
            "sha256": model_card.sha256(path),
            "parameters": sum(p.numel() for p in network.parameters()),
            "onnx": None,  # what was exported before was of other weights
        }
    )
    model_card.write_card(card, path)
    return card


def load(model: str = DEFAULT_MODEL) -> tuple[OneForAll, Card]:
    """The network in evaluation mode, and its card. `model` is a shipped name or a path.

    Raises WeightsError where a file is missing or damaged, or does not fit the network.
    """
    path, card = model_card.find(model)
    return one_for_all(path, card), card


def one_for_all(path: Path, card: Card) -> OneForAll:
    """The product's network out of found weights. Raises WeightsError."""
    if card.architecture != ARCHITECTURE:
        raise WeightsError(f"{path} is of architecture {card.architecture!r}, not {ARCHITECTURE!r}")
    return filled(path, lambda: OneForAll(OneForAllConfig(**_as_tuples(card.network))))


def filled(path: Path, build: Callable[[], Network]) -> Network:
    """The network that `build` makes, with the tensors of the file, in evaluation mode.

    Raises WeightsError where it cannot be built, or file and network differ in one tensor.
    """
    try:
        network = build()
        network.load_state_dict(load_file(path), strict=True)
    except (SafetensorError, OSError, RuntimeError, TypeError, ValueError, LookupError) as error:
        raise WeightsError(f"{path} does not fit its network ({_first_line(error)})") from error
    return network.eval()


def _as_tuples(network: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(v) if isinstance(v, list) else v for key, v in network.items()}


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
