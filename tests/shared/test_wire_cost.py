"""What messages cost on the line: FACTS of TCP and WebSocket, and the format's own share."""

import pytest

from narrowcast_shared.wire.cost import data_wire_bps, wire_bytes
from narrowcast_shared.wire.messages import TICKS_PER_SECOND, Data, Frame, FrameKind
from narrowcast_shared.wire.serial import serialise

FPS = 25
FRAME_BYTES = 20


@pytest.mark.parametrize(
    ("payload", "on_the_line"),
    [
        (0, 58),
        (1, 59),
        (125, 58 + 125),
        (126, 60 + 126),
        (1440, 60 + 1440),  # with its 8 B of header the last that fits one segment of 1448 B
        (1441, 60 + 52 + 1441),
        (2888, 60 + 52 + 2888),
        (2889, 60 + 104 + 2889),
    ],
)
def test_headers_of_a_message(payload: int, on_the_line: int) -> None:
    assert wire_bytes(payload) == on_the_line


@pytest.mark.parametrize(
    ("frames", "bare_kbps", "ours_kbps"),
    [(1, 15.7, 17.8), (2, 9.8, 11.1), (5, 6.4, 6.96), (10, 5.2, 5.62), (25, 4.6, 4.77)],
)
def test_bundling(frames: int, bare_kbps: float, ours_kbps: float) -> None:
    """20-B frames at 25 fps, 10 minutes into a session.

    `bare_kbps` was measured with the frames alone in the messages; a head and an entry a frame
    may add 14 % at one frame a message, less with more.
    """
    kbps = _line_bps(frames) / 1000
    assert kbps == pytest.approx(ours_kbps, rel=0.005)
    assert bare_kbps <= kbps <= 1.14 * bare_kbps


def test_expected_rate_of_frames_of_a_mean_size() -> None:
    """58 B of headers, 12 of DATA's head, 1.3 of an entry's; a byte where frames are left out."""
    assert data_wire_bps(25, 1, 20, run=False) == 8 * 25 * (58 + 33)
    assert data_wire_bps(25, 5, 20, run=False) == 8 * 5 * (58 + 118)
    assert data_wire_bps(5, 5, 20, run=True) == 8 * (58 + 124)
    assert data_wire_bps(5, 6, 20, run=True) == pytest.approx(8 * 5 / 6 * (60 + 146))


def test_a_run_without_faces_costs_two_bytes_at_most() -> None:
    coded = (Frame(0, FrameKind.DELTA, (b"a",)),)
    run = tuple(Frame(400 * (1 + i), FrameKind.NO_FACE) for i in range(4095))
    one = tuple(Frame(400 * i, FrameKind.DELTA, (b"a",)) for i in range(2))
    assert len(_bytes(coded + run[:31])) - len(_bytes(one)) == -1  # a run of 31: one byte
    assert len(_bytes(coded + run)) - len(_bytes(one)) == 0  # a run of 4095: two, as a 1-B frame


def _line_bps(frames: int) -> float:
    first = 600 * FPS
    ticks = TICKS_PER_SECOND // FPS
    bundle = tuple(
        Frame((first + i) * ticks, FrameKind.DELTA, (b"\x41" * FRAME_BYTES,)) for i in range(frames)
    )
    return 8 * wire_bytes(len(_bytes(bundle, first))) * FPS / frames


def _bytes(frames: tuple[Frame, ...], first_seq: int = 0) -> bytes:
    return serialise(Data(0, first_seq, frames))
