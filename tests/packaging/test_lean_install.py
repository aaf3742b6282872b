"""What the extras `decoder` and `encoder` bring: a service and offline scoring, and no PyTorch."""

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
MAX_DECODER_MB = 450
INSTALL_S = 500
READY_S = 60

READ = """
import sys
import numpy as np
from narrowcast_models.coding import Coding
from narrowcast_models.recogniser import CodedChip, Recogniser
chips = [CodedChip(np.full((px, px), 90, np.uint8), Coding(px, 30)) for px in (48, 24, 6)]
recogniser = Recogniser.load("oa")
print(len(recogniser.read(chips)), len(recogniser.super_resolve(chips)), "torch" in sys.modules)
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` of an environment with a decoder. Skips where pip can fetch nothing."""
    folder = tmp_path_factory.mktemp("lean")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True, timeout=INSTALL_S)
    _install(folder / "bin", "decoder")
    return folder / "bin"


@pytest.fixture(scope="module")
def with_encoder(environment: Path) -> Path:
    """The same, an encoder beside the decoder: what offline scoring takes."""
    _install(environment, "encoder")
    return environment


def _install(bin_folder: Path, extra: str) -> None:
    words = [
        bin_folder / "python", "-m", "pip", "install", "--quiet",
        "--constraint", ROOT / "constraints.txt", f"{ROOT}[{extra}]",
    ]  # fmt: skip
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=INSTALL_S)
    if done.returncode and not _fetches(bin_folder):
        pytest.skip("pip fetches no packages here: give it a network, or an index that it reaches")
    assert done.returncode == 0, done.stderr + done.stdout


def _fetches(bin_folder: Path) -> bool:
    """Whether pip reaches an index at all: asked for a package that does not depend on ours."""
    words = [
        bin_folder / "python",
        "-m",
        "pip",
        "download",
        "--no-deps",
        "--dest",
        bin_folder,
        "wheel",
    ]
    return subprocess.run(words, capture_output=True, check=False, timeout=300).returncode == 0


@pytest.fixture
def decoder(environment: Path, tmp_path: Path) -> Iterator[str]:
    """A decoder of that environment; its URL."""
    words = [environment / "narrowcast", "serve", "--port", "0", "--store", tmp_path / "s.sqlite"]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True, cwd=tmp_path) as process:
        try:
            assert process.stderr is not None
            line = next((line for line in process.stderr if "listening on" in line), "")
            assert line, "it ended before it listened"
            yield line.partition("listening on ")[2].partition(",")[0]
        finally:
            process.terminate()


def test_no_pytorch_comes_along(environment: Path) -> None:
    words = [environment / "python", "-m", "pip", "list", "--format", "json"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    names = {each["name"].lower() for each in json.loads(done.stdout)}
    assert "onnxruntime" in names
    assert not names & {"torch", "safetensors", "onnx", "onnxscript", "tqdm"}


def test_the_installation_is_small(environment: Path) -> None:
    """Without the pip that the environment came with."""
    packages = next(environment.parent.glob("lib/python3*/site-packages"))
    mine = {"pip", "setuptools"}
    files = (file for file in packages.rglob("*") if file.is_file() and not file.is_symlink())
    size = sum(
        file.stat().st_size for file in files if file.relative_to(packages).parts[0] not in mine
    )
    assert size < MAX_DECODER_MB * 1e6


def test_models_are_read(environment: Path, tmp_path: Path) -> None:
    words = [environment / "python", "-W", "error", "-c", READ]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (done.stdout, done.stderr) == ("3 3 False\n", "")


def test_the_decoder_serves(decoder: str) -> None:
    deadline_s = time.monotonic() + READY_S
    while not _is_ready(decoder):
        assert time.monotonic() < deadline_s
        time.sleep(0.1)


def _is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=READY_S) as answer:
            return bool(json.load(answer)["status"] == "ready")
    except urllib.error.HTTPError:
        return False


def test_a_gpu_is_asked_for_in_one_line(environment: Path, tmp_path: Path) -> None:
    words = [environment / "narrowcast", "serve", "--device", "cuda", "--port", "0"]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 2
    assert "--device cuda takes PyTorch: run `pip install '.[gpu]'`" in done.stderr


def test_recordings_are_scored(with_encoder: Path, tmp_path: Path) -> None:
    """Without a face in it, but through the whole path."""
    clip = tmp_path / "clip.mp4"
    with av.open(str(clip), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 96, 96, "yuv420p"
        for _ in range(5):
            frame = av.VideoFrame.from_ndarray(np.full((96, 96, 3), 90, np.uint8), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    words = [with_encoder / "narrowcast", "score", clip, "--json"]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert [json.loads(line)["status"] for line in done.stdout.splitlines()] == ["no_face"] * 5
