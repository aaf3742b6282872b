"""Video files and still images, through open_source."""

import wave
from collections.abc import Callable, Sequence
from itertools import islice, pairwise
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from narrowcast_encoder.sources import open_source
from narrowcast_shared.errors import SourceError

MakeVideo = Callable[[str, Sequence[int]], Path]

UNEVEN_MS = [400, 440, 500, 510, 800]

# tkhd's matrix (ISO/IEC 14496-12, 8.3.2): a, b, u, c, d, v, x, y, w as 16.16 and 2.30 numbers.
UPRIGHT = bytes.fromhex("00010000 00000000 00000000 00000000 00010000 00000000")
QUARTER_TURN = bytes.fromhex("00000000 00010000 00000000 ffff0000 00000000 00000000")


def test_frames_carry_their_presentation_times(make_video: MakeVideo) -> None:
    path = make_video("clip.mp4", UNEVEN_MS)
    with open_source(str(path)) as source:
        assert not source.live
        frames = list(source)
    assert [frame.t_s for frame in frames] == pytest.approx([0, 0.04, 0.1, 0.11, 0.4])
    assert all(frame.image.shape == (64, 96, 3) for frame in frames)
    assert all(frame.image.dtype == np.uint8 for frame in frames)
    columns = [int(frame.image.mean(axis=(0, 2)).argmax()) // 8 for frame in frames]
    assert columns == [0, 1, 2, 3, 4]


def test_a_loop_runs_on(make_video: MakeVideo) -> None:
    path = make_video("clip.mp4", [0, 40, 80])
    with open_source(str(path), loop=True) as source:
        frames = list(islice(source, 8))
    assert [frame.t_s for frame in frames] == pytest.approx([0.04 * n for n in range(8)], abs=0.002)
    assert np.array_equal(frames[0].image, frames[3].image)


def test_closing_ends_it(make_video: MakeVideo) -> None:
    source = open_source(str(make_video("clip.mp4", [0, 40, 80])), loop=True)
    next(source)
    source.close()
    assert list(source) == []
    source.close()


def test_a_still_image_is_one_frame(tmp_path: Path) -> None:
    path = tmp_path / "face.png"
    image = np.random.default_rng(0).integers(0, 256, (50, 70, 3), dtype=np.uint8)
    cv2.imwrite(str(path), image)
    (frame,) = open_source(str(path))
    assert frame.t_s == 0
    assert np.array_equal(frame.image, image)


def test_a_colon_in_the_name_is_no_protocol(make_video: MakeVideo) -> None:
    assert len(list(open_source(str(make_video("take:2.mp4", [0, 40]))))) == 2


def test_a_video_turned_by_its_metadata_comes_upright(make_video: MakeVideo) -> None:
    """A telephone held upright writes a lying picture and, in its track header, how to turn it."""
    path = make_video("phone.mp4", [0])
    (lying,) = open_source(str(path))
    data = path.read_bytes()
    track = data.index(b"tkhd")
    matrix = data.index(UPRIGHT, track)
    path.write_bytes(data[:matrix] + QUARTER_TURN + data[matrix + len(UPRIGHT) :])
    (upright,) = open_source(str(path))
    clockwise = cv2.rotate(lying.image, cv2.ROTATE_90_CLOCKWISE)
    assert np.array_equal(upright.image, clockwise)


def test_damage_in_the_middle_costs_only_what_it_hits(make_video: MakeVideo) -> None:
    path = make_video("clip.avi", [40 * n for n in range(60)])
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 200] = np.random.default_rng(0).bytes(200)
    path.write_bytes(data)
    times = [frame.t_s for frame in open_source(str(path))]
    assert len(times) >= 30
    assert all(before <= after for before, after in pairwise(times))


def test_a_recording_that_was_cut_off_says_so(
    make_video: MakeVideo, caplog: pytest.LogCaptureFixture
) -> None:
    path = make_video("clip.mkv", [40 * n for n in range(100)])
    assert len(list(open_source(str(path)))) == 100
    assert not caplog.records, "a whole one is nothing to speak of"
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    frames = len(list(open_source(str(path))))
    assert 20 < frames < 80
    (told,) = caplog.messages
    assert told == (
        f"{path} has pictures for {frames / 25:.1f} s of the 4.0 s that it announces: "
        "it may have been cut off, or be damaged"
    )


def test_of_several_videos_the_default_one_is_read(tmp_path: Path) -> None:
    """A picture may lie beside its thumbnail, a film beside another angle."""
    path = tmp_path / "two.mkv"
    with av.open(str(path), "w") as container:
        for side in (32, 64):
            stream = container.add_stream("ffv1", rate=25)
            assert isinstance(stream, VideoStream)
            stream.width = stream.height = side
            stream.pix_fmt = "yuv420p"
            stream.disposition = Disposition.default if side == 64 else Disposition(0)
        for stream in container.streams.video:
            frame = VideoFrame(stream.width, stream.height, "yuv420p")
            frame.pts = 0
            container.mux(stream.encode(frame))
        for stream in container.streams.video:
            container.mux(stream.encode(None))
    (frame_read,) = open_source(str(path))
    assert frame_read.image.shape == (64, 64, 3)


UNIX_TIME_MS = 1_700_000_000_000


@pytest.mark.parametrize("start_ms", [3000, UNIX_TIME_MS], ids=["3 s", "Unix time"])
@pytest.mark.parametrize("name", ["clip.mkv", "clip.mp4", "clip.ts", "clip.mov"])
def test_a_recording_may_begin_at_any_time(
    name: str, start_ms: int, make_video: MakeVideo, caplog: pytest.LogCaptureFixture
) -> None:
    """With many writers the duration is then the time of the end."""
    path = make_video(name, [start_ms + 40 * n for n in range(50)])
    with open_source(str(path)) as source:
        times = [frame.t_s for frame in source]
    assert times == pytest.approx([0.04 * n for n in range(50)], abs=0.002)
    assert not caplog.records


def test_a_fragmented_recording_may_begin_at_unix_time(
    make_fragmented: MakeVideo, caplog: pytest.LogCaptureFixture
) -> None:
    path = make_fragmented("clip.mp4", [UNIX_TIME_MS + 40 * n for n in range(50)])
    assert len(list(open_source(str(path)))) == 50
    assert not caplog.records


@pytest.mark.parametrize("start_ms", [0, 500, 3000, UNIX_TIME_MS])
def test_a_recording_that_was_cut_off_says_so_wherever_it_begins(
    start_ms: int, make_video: MakeVideo, caplog: pytest.LogCaptureFixture
) -> None:
    path = make_video("clip.mkv", [start_ms + 40 * n for n in range(100)])
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    frames = len(list(open_source(str(path))))
    assert 20 < frames < 80
    (told,) = caplog.messages
    assert f"has pictures for {frames / 25:.1f} s of the 4." in told


def _write_text(path: Path) -> None:
    path.write_text("hello, world\n" * 100)


def _write_noise(path: Path) -> None:
    path.write_bytes(np.random.default_rng(0).bytes(50_000))


def _write_sound(path: Path) -> None:
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(16_000))


@pytest.mark.parametrize(
    ("name", "write", "problem"),
    [
        ("none.mp4", None, "there is no file"),
        ("folder", Path.mkdir, "cannot be read"),
        ("empty.mp4", Path.touch, "is no video"),
        ("noise.mp4", _write_noise, "is no video"),
        ("text.mp4", _write_text, "is no video"),
        ("text.txt", _write_text, "is a text file, no video"),
        ("sound.wav", _write_sound, "has no video stream"),
    ],
)
def test_what_is_no_video_gives_one_line(
    name: str,
    write: Callable[[Path], object] | None,
    problem: str,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / name
    if write is not None:
        write(path)
    with pytest.raises(SourceError, match=problem) as caught:
        open_source(str(path))
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_a_video_without_one_good_frame(make_video: MakeVideo) -> None:
    path = make_video("clip.avi", [0, 40])
    data = path.read_bytes()
    start, end = data.index(b"movi") + 4, data.index(b"idx1")
    first = data.index(b"00dc", start) + 8
    path.write_bytes(data[:first] + bytes(end - first) + data[end:])
    with pytest.raises(SourceError, match="no frame that can be decoded"):
        list(open_source(str(path)))
