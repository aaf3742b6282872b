"""A recording's frames as chips, and what is left out of it."""

from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from narrowcast_encoder.crop import cut as encoder_cut
from narrowcast_encoder.crop import framed, on_pixels
from narrowcast_encoder.detection import Box as DetectedBox
from narrowcast_models.data.avec import chips, faces
from narrowcast_models.data.avec.boxes import Box
from narrowcast_models.data.avec.layout import RecordingFiles
from narrowcast_models.data.avec.recording import LeftOut, Recording
from narrowcast_shared.errors import DataError

FilesOf = Callable[[str], RecordingFiles]
Table = Callable[[Path, Iterable[tuple[object, ...]], str], None]
HEADER = ("frame", "frametime", "x", "y", "w", "h")


@pytest.mark.parametrize("name", ["train_1", "train_2", "train_3", "dev_9"])
def test_every_frame_of_a_whole_recording(files_of: FilesOf, name: str) -> None:
    recording = Recording(files_of(name))
    found = list(recording.chips())
    assert [chip.time_s for chip in found] == pytest.approx((0.04 * np.arange(75)).tolist())
    assert {chip.pixels.shape for chip in found} == {(96, 96)}
    assert not recording.left_out


def test_what_is_left_out_is_counted(files_of: FilesOf, table: Table) -> None:
    files = files_of("dev_2")
    rows = [(n, 0.04 * n, 20, 20, 99 if n < 10 else 120, 99) for n in range(75)]
    rows[20] = (20, "", 20, 20, 120, 120)
    rows[21:23] = [(n, "nan", 20, 20, 120, 120) for n in (21, 22)]
    rows[30] = (30, 1.2, "", "", "", "")
    rows[74] = (74, 9.9, 20, 20, 120, 120)
    del rows[40:45]
    table(files.boxes, [HEADER, *rows], ";")
    recording = Recording(files)
    for _ in range(2):
        kept = [round(chip.time_s / 0.04) for chip in recording.chips()]
        assert kept == [n for n in range(10, 74) if n not in {20, 21, 22, 30, *range(40, 45)}]
        # Frames 40 to 44 are not in the table: their time is the video's, a box they have not.
        assert recording.left_out == Counter(
            {LeftOut.SMALL: 10, LeftOut.NO_TIME: 3, LeftOut.NO_BOX: 6, LeftOut.NO_RATING: 1}
        )


@pytest.mark.parametrize(("side", "kept"), [(99.9, 0), (100, 75)])
def test_a_face_of_100_px_is_large_enough(
    files_of: FilesOf, table: Table, side: float, kept: int
) -> None:
    files = files_of("dev_3")
    rows = [(n, 9, 9, 50, side) for n in range(75)]
    table(files.boxes, [("frame", "x", "y", "w", "h"), *rows], ",")
    assert sum(1 for _ in Recording(files).chips()) == kept


def test_a_reader_that_stops_early_leaves_nothing_open(files_of: FilesOf) -> None:
    found = Recording(files_of("dev_1")).chips()
    assert next(found).time_s == 0
    found.close()  # type: ignore[attr-defined]


def test_no_video(files_of: FilesOf) -> None:
    files = files_of("dev_1")
    for data in (b"", b"not a video", files.video.read_bytes()[:2000]):
        files.video.write_bytes(data)
        with pytest.raises(DataError, match=r"dev_1\.mp4 cannot be decoded"):
            list(Recording(files).chips())


def test_full_range(tmp_path: Path, files_of: FilesOf, video_file: Callable[..., None]) -> None:
    """Black is 0 and white is 255, though the file's own range is the narrow one."""
    files = files_of("dev_1")._replace(video=tmp_path / "flat.mp4")
    video_file(files.video, [np.full((160, 160), value, np.uint8) for value in (0, 128, 255)])
    levels = [int(np.median(chip.pixels)) for chip in Recording(files).chips()]
    assert levels == pytest.approx([0, 128, 255], abs=2)


FRAME = np.random.default_rng(0).integers(0, 256, (120, 160), dtype=np.uint8)
EDGES = st.floats(-60, 200)
SIDES = st.floats(8, 150)


@given(EDGES, EDGES, SIDES, SIDES)
def test_chips_are_those_of_the_encoder(x: float, y: float, w: float, h: float) -> None:
    ours = chips.cut(FRAME, Box(x, y, w, h))
    square = on_pixels(framed(DetectedBox(x, y, w, h, 1.0)))
    bgr = np.repeat(FRAME[..., None], 3, axis=2)
    assert np.abs(ours.astype(int) - encoder_cut(bgr, square)).max() <= 1


def test_labelled_faces(root: Path) -> None:
    splits = faces.load(root, delay_s=0.4, every=5)
    for part, name in zip(splits, ("train", "dev"), strict=True):
        assert part.name == f"AVEC 2016 {name}"
        assert part.images.shape == (9 * 15, 96, 96)
        assert part.valence.dtype == np.float32
        slopes = part.images[:, :48].mean(axis=(1, 2)) - part.images[:, 48:].mean(axis=(1, 2))
        kept = np.arange(len(part)) % 15 < 12  # beyond, the last rating holds
        assert np.corrcoef(slopes[kept], part.valence[kept])[0, 1] > 0.99


def test_no_usable_frame_at_all(root: Path, table: Table) -> None:
    for number in range(1, 10):
        path = root / "bounding_boxes" / f"train_{number}.csv"
        table(path, [("frame", "x", "y", "w", "h"), (0, 0, 0, 10, 10)], ";")
    with pytest.raises(DataError, match="not one frame can be used"):
        faces.load(root)
