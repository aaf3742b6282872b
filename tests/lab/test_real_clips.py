"""Real clips: frames nearest in time, and the files that are taken."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from narrowcast_encoder.detection import make_detector
from narrowcast_lab import real_clips
from narrowcast_lab.real_clips import nearest_frames
from narrowcast_shared.errors import DataError, SourceError


def _times(frames: int, fps: float) -> list[float]:
    return [frame / fps for frame in range(frames)]


def test_a_clip_of_the_same_rate_stays_as_it_is() -> None:
    assert nearest_frames(_times(75, 25), 25).tolist() == list(range(75))


def test_rounded_times_change_nothing() -> None:
    times = [round(time, 3) for time in _times(400, 25)]
    assert nearest_frames(times, 25).tolist() == list(range(400))


def test_from_30_fps_every_sixth_frame_is_left_out() -> None:
    """Frames at 0, 40, 80, 120, 160, 200 ms out of 0, 33.3, 66.7, 100, 133.3, 166.7, 200 ms."""
    rows = nearest_frames(_times(61, 30), 25)
    assert rows[:6].tolist() == [0, 1, 2, 4, 5, 6]
    assert len(rows) == 51
    assert rows[-1] == 60


def test_from_24_fps_one_frame_a_second_is_repeated() -> None:
    rows = nearest_frames(_times(49, 24), 25)
    assert len(rows) == 51
    assert np.diff(rows).min() == 0
    assert (np.diff(rows) == 0).sum() == 2
    assert (rows[0], rows[-1]) == (0, 48)


def test_a_gap_is_filled_with_what_is_nearest() -> None:
    assert nearest_frames([0, 0.04, 0.4], 25).tolist() == [0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2]


def test_one_frame() -> None:
    assert nearest_frames([0.0], 25).tolist() == [0]


def test_a_folders_videos_by_name_and_files_as_given(tmp_path: Path) -> None:
    for name in ("b.MP4", "a.mpg", "notes.txt", "face.jpg"):
        (tmp_path / name).touch()
    still = tmp_path / "face.jpg"
    found = real_clips.find([tmp_path, still])
    assert [file.name for file in found] == ["a.mpg", "b.MP4", "face.jpg"]


def test_a_folder_without_videos(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="holds no video file"):
        real_clips.find([tmp_path])


def test_real_clips_are_cropped_and_those_without_a_face_left_out(tmp_path: Path) -> None:
    detector = make_detector()
    files = [Path("sample"), tmp_path / "no_face.png"]
    assert cv2.imwrite(str(files[1]), np.full((96, 128, 3), 90, np.uint8))
    (clip,) = real_clips.load(files, detector, 25)
    assert (clip.name, clip.valence) == ("sample", None)
    assert clip.chips.shape == (200, 96, 96)
    assert clip.chips.dtype == np.uint8
    with pytest.raises(DataError, match="no face is seen in no_face"):
        real_clips.load(files[1:], detector, 25)
