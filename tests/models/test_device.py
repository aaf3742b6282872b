"""What reads: ONNX Runtime on a CPU, PyTorch where a GPU is asked for, and nothing by accident."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from narrowcast_models.coding import Coding
from narrowcast_models.networks.one_for_all import OneForAll
from narrowcast_models.recogniser import CodedChip, Precision, Recogniser, interface, precision
from narrowcast_models.recogniser.torch_backend import TorchRecogniser, choose_device
from narrowcast_shared.errors import SettingsError

HERE = [
    pytest.param("cpu"),
    pytest.param(
        "cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
    ),
]

VNNI = "processor\t: 0\nflags\t\t: fpu avx2 avx512f avx512_vnni\n\nprocessor\t: 1\n"
AVX2 = "processor\t: 0\nmodel name\t: avx512_vnni\nflags\t\t: fpu avx2 avx512f\n"
ARM = "processor\t: 0\nFeatures\t: fp asimd asimddp\n"
OLD_ARM = "processor\t: 0\nFeatures\t: fp asimd\n"


@pytest.mark.parametrize(
    ("cpuinfo", "chosen"),
    [
        (VNNI, Precision.INT8),
        (VNNI.replace("avx512_vnni", "avx_vnni"), Precision.INT8),
        (ARM, Precision.INT8),
        (AVX2, Precision.FLOAT32),
        (OLD_ARM, Precision.FLOAT32),
        ("", Precision.FLOAT32),
    ],
)
def test_auto_goes_by_the_cpu(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
    cpuinfo: str,
    chosen: Precision,
) -> None:
    path = tmp_path_factory.mktemp("proc") / "cpuinfo"
    path.write_text(cpuinfo)
    monkeypatch.setattr(precision, "_CPUINFO", path)
    monkeypatch.setattr(sys, "platform", "linux")
    precision.has_dot_product.cache_clear()
    try:
        assert Precision.AUTO.resolved is chosen
        assert Precision.FLOAT32.resolved is Precision.FLOAT32
        assert Precision.INT8.resolved is Precision.INT8
    finally:
        precision.has_dot_product.cache_clear()


def test_a_system_without_cpuinfo_reads_in_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "_CPUINFO", precision.Path("/no/such/file"))
    monkeypatch.setattr(sys, "platform", "win32")
    precision.has_dot_product.cache_clear()
    try:
        assert Precision.AUTO.resolved is Precision.FLOAT32
    finally:
        precision.has_dot_product.cache_clear()


def test_a_cpu_is_read_on_without_pytorch() -> None:
    """In a process of its own, where importing PyTorch would fail."""
    code = (
        "import sys; sys.modules['torch'] = sys.modules['safetensors'] = None\n"
        "import numpy as np\n"
        "from narrowcast_models.coding import Coding\n"
        "from narrowcast_models.recogniser import CodedChip, Recogniser\n"
        "reader = Recogniser.load('oa')\n"
        "chip = CodedChip(np.zeros((24, 24), np.uint8), Coding(24, 30))\n"
        "print(len(reader.read([chip])), reader.super_resolve([chip])[0].shape)\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("1 (48, 48)\n", "")


def test_a_gpu_takes_pytorch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interface, "find_spec", lambda _: None)
    with pytest.raises(SettingsError, match=r"--device cuda takes PyTorch: .*\[gpu\]"):
        Recogniser.load("oa", device="cuda")
    assert not isinstance(Recogniser.load("oa", device="auto"), TorchRecogniser)


def test_a_gpu_reads_by_the_networks_own_forward() -> None:
    """`meta` stands for it: a device that every PyTorch has."""
    assert isinstance(Recogniser.load("oa", device="meta"), TorchRecogniser)
    with pytest.raises(SettingsError, match="int8 is read on a CPU, not on meta"):
        Recogniser.load("oa", Precision.INT8, "meta")


@pytest.mark.parametrize(("is_there", "kind"), [(True, "cuda"), (False, "cpu")])
def test_auto_takes_an_accelerator_where_there_is_one(
    monkeypatch: pytest.MonkeyPatch, kind: str, *, is_there: bool
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: is_there)
    asked: list[str] = []
    monkeypatch.setattr(torch, "empty", lambda *_, device: asked.append(device))
    assert choose_device().type == kind
    assert asked == [kind]


@pytest.mark.parametrize("name", ["nosuch", "meta:x"])
def test_a_device_nobody_has(name: str) -> None:
    with pytest.raises(SettingsError, match=f"no device '{name}'"):
        Recogniser.load("oa", device=name)


@pytest.mark.parametrize("name", HERE)
def test_readings_do_not_depend_on_it(name: str) -> None:
    rng = np.random.default_rng(0)
    chips = [
        CodedChip(rng.integers(0, 256, (px, px), dtype=np.uint8), Coding(px, 30))
        for px in (24, 48, 24)
    ]
    there, here = TorchRecogniser.of("oa", name), Recogniser.load("oa", Precision.FLOAT32)
    assert np.abs(np.array(there.read(chips)) - np.array(here.read(chips))).max() < 5e-3
    for a, b in zip(there.super_resolve(chips), here.super_resolve(chips), strict=True):
        assert np.abs(a.astype(int) - b).max() <= 2


def test_everything_moves_to_the_device(tiny_network: OneForAll) -> None:
    """`meta` has shapes and no numbers: what stays behind fails before the readings are wanted."""
    recogniser = TorchRecogniser(tiny_network, device=torch.device("meta"))
    with pytest.raises(NotImplementedError, match="no data"):
        recogniser.read([CodedChip(np.zeros((24, 24), np.uint8), Coding(24, 30))])
