"""The card of a model, and where the model's files are. Read without PyTorch and safetensors.

oa.json          the card: architecture, training, data and its terms, every figure
oa.safetensors   the tensors, which PyTorch trains and reads
oa.onnx          the network for ONNX Runtime in float32
oa.int8.onnx     the same with 8-bit convolutions
oa.sr.onnx       its super-resolution head, where it has one

A file belongs to the card only if the card has its checksum. A model is shipped by lying in
`WEIGHTS_FOLDER`.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import pydantic
from pydantic import BaseModel, ConfigDict

from narrowcast_models.shipped import FOLDER
from narrowcast_shared.errors import WeightsError

WEIGHTS_FOLDER = FOLDER
DEFAULT_MODEL = "oa"
ARCHITECTURE = "one-for-all"

WEIGHTS = ".safetensors"


class DataSource(BaseModel):
    """A data set that the weights have seen, and on what terms."""

    model_config = ConfigDict(extra="forbid")

    name: str
    used_for: str
    terms: str


class OnnxFiles(BaseModel):
    """The ONNX files that were exported from the weights.

    sha256: checksum of each, by the end of its name (`.onnx`, `.int8.onnx`, `.sr.onnx`).
    onnxruntime: versions of ONNX Runtime that read them, as a requirement. calibration: what the
    ranges of 8-bit numbers were measured on. int8_rms_difference: of the valence in int8 from
    that in float32, on those faces; both are None where no 8-bit file was made.
    """

    model_config = ConfigDict(extra="forbid")

    opset: int
    onnxruntime: str
    sha256: dict[str, str]
    calibration: str | None = None
    int8_rms_difference: float | None = None


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
    onnx: OnnxFiles | None = None


def shipped() -> list[str]:
    """Names of the shipped models that decoders read."""
    cards = {path.stem: read_card(path) for path in sorted(WEIGHTS_FOLDER.glob("*.json"))}
    return [name for name, card in cards.items() if card.architecture == ARCHITECTURE]


def find(model: str) -> tuple[Path, Card]:
    """Path of the weights of any architecture, and their card, which is theirs by its checksum.

    Raises WeightsError where a file is missing or damaged.
    """
    path = locate(model)
    if not path.is_file():
        raise _no_weights(path)
    card = read_card(path.with_suffix(".json"))
    if sha256(path) != card.sha256:
        raise WeightsError(
            f"{path} is not the file that its card describes (checksum differs)",
            "fetch both files again, or train anew with `narrowcast train`",
        )
    return path, card


def locate(model: str) -> Path:
    """Path of the weights of a shipped name (`oa`) or of a .safetensors file.

    For ONNX Runtime the weights themselves need not be there. Raises WeightsError where neither
    they nor their card are.
    """
    path = Path(model) if model.endswith(WEIGHTS) else WEIGHTS_FOLDER / f"{model}{WEIGHTS}"
    if path.is_file() or path.with_suffix(".json").is_file():
        return path
    raise _no_weights(path)


def _no_weights(path: Path) -> WeightsError:
    shipped = ", ".join(sorted(file.stem for file in WEIGHTS_FOLDER.glob("*.json")))
    return WeightsError(
        f"there are no weights at {path}",
        f"name a .safetensors file or a shipped model ({shipped or 'none shipped'})",
    )


def read_onnx(model: str, ending: str) -> tuple[bytes, Card]:
    """One ONNX file of a model, by the end of its name, and the card, which has its checksum.

    Raises WeightsError where the model was not exported, or a file is missing or damaged.
    """
    weights = locate(model)
    card = read_card(weights.with_suffix(".json"))
    path = weights.with_suffix(ending)
    wanted = None if card.onnx is None else card.onnx.sha256.get(ending)
    if wanted is None:
        raise WeightsError(f"the card of {weights} names no {path.name}", _export(model))
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise WeightsError(f"{path} is missing", _export(model)) from None
    except OSError as error:
        raise WeightsError(f"{path} cannot be read ({error.strerror})") from error
    if hashlib.sha256(data).hexdigest() != wanted:
        raise WeightsError(
            f"{path} is not the file that its card describes (checksum differs)", _export(model)
        )
    return data, card


def _export(model: str) -> str:
    return f"run `narrowcast models export {model}`, or fetch the files again"


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


def write_card(card: Card, path: Path) -> None:
    """Write the card of the weights at `path`. Raises WeightsError where that cannot be done."""
    path = path.with_suffix(".json")
    try:
        path.write_text(card.model_dump_json(indent=2) + "\n")
    except OSError as error:
        raise WeightsError(f"{path} cannot be written ({error.strerror})") from error


def to_json(value: object) -> str:
    """JSON with two spaces, as every committed figure is written."""
    return json.dumps(value, indent=2) + "\n"


def sha256(path: Path) -> str:
    """Checksum of a file, hexadecimal. Raises WeightsError where it cannot be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise WeightsError(f"{path} cannot be read ({error.strerror})") from error
