"""FFmpeg is a large thing to show strangers' bytes to: one decoder of it is opened, by its name."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import av

from narrowcast_shared.codec.decode import ChipDecoder

ROOT = Path(__file__).parents[3]
OF_THE_SERVICE = ["decoder/narrowcast_decoder", "shared/narrowcast_shared"]
ENCODE = {"shared/narrowcast_shared/codec/encode.py", "decoder/narrowcast_decoder/preview/png.py"}
"""What they are given is our own pixels."""


def calls_of_av() -> Iterator[tuple[str, str, list[object]]]:
    """(file, what is called, its constants) of every use of PyAV."""
    for folder in OF_THE_SERVICE:
        for path in sorted((ROOT / folder).rglob("*.py")):
            tree = ast.parse(path.read_text())
            for node in ast.walk(tree):
                if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("av."):
                    constants = [a.value for a in node.args if isinstance(a, ast.Constant)]
                    yield str(path.relative_to(ROOT)), ast.unparse(node.func), constants


def test_the_service_opens_one_decoder_by_name_and_no_container() -> None:
    """No demuxer, no protocol, no filter: nothing guesses what bytes are, or opens a URL."""
    found = [call for call in calls_of_av() if call[0] not in ENCODE]
    contexts = [call for call in found if call[1] != "av.Packet"]
    assert contexts == [
        ("shared/narrowcast_shared/codec/decode.py", "av.CodecContext.create", ["h264", "r"])
    ]


def test_and_it_is_ffmpegs_own_h264() -> None:
    context = ChipDecoder(32)._context
    assert context.codec.name == "h264"
    assert context.codec.is_decoder
    assert str(context.thread_type) == "ThreadType.NONE"


def test_a_service_that_runs_has_opened_no_container(tmp_path: Path) -> None:
    """`av.open` raises in this process, and frames are read all the same."""
    program = (
        "import sys, narrowcast_decoder.server\n"
        "assert not [m for m in sys.modules if m.startswith('narrowcast_models.data')]\n"
        "import av, numpy as np\n"
        "def no(*a, **k): raise AssertionError('a container was opened')\n"
        "av.open = av.container.open = no\n"
        "from narrowcast_shared.codec import ChipEncoder\n"
        "from narrowcast_shared.codec.decode import ChipDecoder\n"
        "from narrowcast_shared.operating_point import Rung\n"
        "unit = ChipEncoder(Rung(32, 30)).encode(np.full((32, 32), 99, np.uint8))\n"
        "print(ChipDecoder(32).decode(unit.nals).shape)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path, check=True
    )
    assert ran.stdout.strip() == "(32, 32)"
    assert av.codec.Codec("h264", "r").name == "h264"
