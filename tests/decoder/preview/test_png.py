"""PNG files, read again by another library."""

import cv2
import numpy as np
import pytest

from narrowcast_decoder.preview.png import encode_png


@pytest.mark.parametrize("px", [4, 5, 16, 17, 48, 95, 96])
def test_pictures_come_back_as_they_were(px: int) -> None:
    picture = np.random.default_rng(px).integers(0, 256, (px, px), dtype=np.uint8)
    picture[0, :4] = 0, 1, 254, 255  # the ends of the range, which must not be squeezed
    png = encode_png(picture)
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    again = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)
    assert again.dtype == np.uint8
    assert np.array_equal(again, picture), "gray, and without loss"


def test_a_view_of_a_larger_picture() -> None:
    whole = np.arange(64, dtype=np.uint8).reshape(8, 8)
    again = cv2.imdecode(np.frombuffer(encode_png(whole[::2, 1:5]), np.uint8), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(again, whole[::2, 1:5])
