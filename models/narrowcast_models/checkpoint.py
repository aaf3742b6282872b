"""Weights as safetensors with a JSON card beside them. Loading is strict and never unpickles.

oa.safetensors   the tensors
oa.json          the card: architecture, training, data and its terms, every figure
"""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pydantic
from pydantic import BaseModel, ConfigDict
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from narrowcast_models.networks.one_for_all import OneForAll, OneForAllConfig
from narrowcast_models.shipped import FOLDER
from narrowcast_shared.errors import WeightsError

WEIGHTS_FOLDER = FOLDER
DEFAULT_MODEL = "oa"
ARCHITECTURE = "one-for-all"

Network = TypeVar("Network", bound=nn.Module)


class DataSource(BaseModel):
    """A data set that the weights have seen, and on what terms."""

    model_config = ConfigDict(extra="forbid")

    name: str
    used_for: str
    terms: str


class Card(BaseModel):
    """What a user must know of a weight file before trusting it."""

    model_config = ConfigDict(extra="forbid")

    name: str
    architecture: str
    network: dict[str, Any]
    parameters: int
    sha256: str
    git_revision: str
    command: str
    training: dict[str, Any]
    data: list[DataSource]
    figures: dict[str, Any]
    limits: str


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
            "sha256": _sha256(path),
            "parameters": sum(p.numel() for p in network.parameters()),
        }
    )
    path.with_suffix(".json").write_text(card.model_dump_json(indent=2) + "\n")
    return card


def load(model: str = DEFAULT_MODEL) -> tuple[OneForAll, Card]:
    """The network in evaluation mode, and its card. `model` is a shipped name or a path.

    Raises WeightsError where a file is missing or damaged, or does not fit the network.
    """
    path, card = find(model)
    return one_for_all(path, card), card


def one_for_all(path: Path, card: Card) -> OneForAll:
    """The product's network out of found weights. Raises WeightsError."""
    if card.architecture != ARCHITECTURE:
        raise WeightsError(f"{path} is of architecture {card.architecture!r}, not {ARCHITECTURE!r}")
    return filled(path, lambda: OneForAll(OneForAllConfig(**_as_tuples(card.network))))


def find(model: str) -> tuple[Path, Card]:
    """Path of the weights of any architecture, and their card, which is theirs by its checksum.

    Raises WeightsError where a file is missing or damaged.
    """
    path = locate(model)
    card = read_card(path.with_suffix(".json"))
    if _sha256(path) != card.sha256:
        raise WeightsError(
            f"{path} is not the file that its card describes (checksum differs)",
            "fetch both files again, or train anew with `narrowcast train`",
        )
    return path, card


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


def locate(model: str) -> Path:
    """Path of the weights of a shipped name (`oa`) or of a file. Raises WeightsError."""
    path = (
        Path(model) if model.endswith(".safetensors") else WEIGHTS_FOLDER / f"{model}.safetensors"
    )
    if path.is_file():
        return path
    shipped = ", ".join(sorted(file.stem for file in WEIGHTS_FOLDER.glob("*.safetensors")))
    raise WeightsError(
        f"there are no weights at {path}",
        f"name a .safetensors file or a shipped model ({shipped or 'none shipped'})",
    )


def read_card(path: Path) -> Card:
    """The card at `path`. Raises WeightsError where it is missing or not a card."""
    try:
        return Card.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise WeightsError(f"the weights have no card at {path}") from None
    except OSError as error:
        raise WeightsError(f"{path} cannot be read ({error.strerror})") from error
    except pydantic.ValidationError as error:
        raise WeightsError(f"{path} is no model card ({error.error_count()} faults)") from error


def to_json(value: object) -> str:
    """JSON with two spaces, as every committed figure is written."""
    return json.dumps(value, indent=2) + "\n"


def _sha256(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise WeightsError(f"{path} cannot be read ({error.strerror})") from error


def _as_tuples(network: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(v) if isinstance(v, list) else v for key, v in network.items()}


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
