"""High dynamic range brought to the ordinary gray that the detector and the model know.

The code values of PQ and HLG video mean light on another scale than those of ordinary video: a
face in PQ, taken as it is, looks flat and gray. Here each pixel goes the way of a display:

    code value -> light of each primary, cd/m2 -> BT.709 primaries -> tone mapping -> code value

Reference white, 203 cd/m2 (BT.2408), is what ordinary video calls white. Up to about half of it
light keeps its code value; what is brighter is compressed, up to a peak of 1000 cd/m2, by the
tone mapping of BT.2390, primary by primary. So a file made from ordinary video by the book comes
back as it was, but for its highlights. Tables hold all curves: a frame costs two look-ups and a
3x3 matrix.
"""

from typing import Any

import cv2
import numpy as np
from av.video.reformatter import ColorPrimaries, ColorTrc
from numpy.typing import NDArray

Light = np.ndarray[tuple[int, ...], np.dtype[np.float32]]
"""float32 [..., 3] or [N]: light in parts of `PEAK_NITS`, 0 to 1 but for what the matrix adds."""

PEAK_NITS = 1000.0
"""HLG's nominal peak (BT.2100, table 5), and what most PQ material is graded for."""

WHITE_NITS = 203.0
"""HDR reference white (BT.2408, table 1): the white of ordinary video."""

TRANSFERS = frozenset({ColorTrc.SMPTE2084, ColorTrc.ARIB_STD_B67})
"""Transfer characteristics that are HDR: PQ and HLG."""

_CODES = 65536  # of the 16-bit pictures that come in
_GAMMA = 2.4  # of a display of ordinary video (BT.1886)

# Linear light, BT.2020 to BT.709 primaries (BT.2087, annex 1).
_BT2020_TO_BT709 = np.array(
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]],
    dtype=np.float32,
)
_BT2020_LUMA = np.array([[0.2627, 0.6780, 0.0593]], dtype=np.float32)  # BT.2100, table 4
_HLG_GAMMA = 1.2  # the system gamma of a display of 1000 cd/m2 (BT.2100, table 5)


def is_hdr(transfer: int) -> bool:
    """Whether a frame with these transfer characteristics (H.273, table 3) is HDR."""
    return transfer in TRANSFERS


class ToneMapper:
    """Maps pictures of one transfer and one set of primaries."""

    def __init__(self, transfer: int, primaries: int) -> None:
        """Both as H.273 numbers them. Primaries that are not told are those of BT.2020."""
        self.is_hlg = transfer == ColorTrc.ARIB_STD_B67
        codes = np.arange(_CODES) / (_CODES - 1)
        table = _hlg_scene_light(codes) if self.is_hlg else pq_nits(codes) / PEAK_NITS
        self._light = np.minimum(table, 1).astype(np.float32)
        told = ColorPrimaries.BT2020 if primaries == ColorPrimaries.UNSPECIFIED else primaries
        self._matrix = _BT2020_TO_BT709 if told == ColorPrimaries.BT2020 else None
        # Looked up by the square root of light: dark tones need the finer steps.
        self._codes = _ordinary_codes((np.arange(_CODES) / (_CODES - 1)) ** 2)

    def ordinary(self, rgb: NDArray[np.uint16]) -> NDArray[np.uint8]:
        """uint16 [H, W, 3] RGB code values over the full range to uint8 [H, W, 3] BGR."""
        light: Light = self._light[rgb]
        if self.is_hlg:
            luma = np.maximum(cv2.transform(light, _BT2020_LUMA), np.float32(1e-6))
            light *= cv2.pow(luma, _HLG_GAMMA - 1).reshape(*light.shape[:2], 1)
        if self._matrix is not None:
            light = np.asarray(cv2.transform(light, self._matrix), dtype=np.float32)
        np.clip(light, 0, 1, out=light)
        np.sqrt(light, out=light)
        light *= _CODES - 1
        return self._codes[light.astype(np.uint16)][..., ::-1]


def pq_nits(code: NDArray[Any]) -> NDArray[np.float64]:
    """PQ code values, 0 to 1, as light in cd/m2 (the EOTF of BT.2100, table 4)."""
    m1, m2 = 2610 / 16384, 2523 / 4096 * 128
    c1, c2, c3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
    power = np.asarray(code, dtype=np.float64) ** (1 / m2)
    found: NDArray[np.float64] = 10_000 * (np.maximum(power - c1, 0) / (c2 - c3 * power)) ** (
        1 / m1
    )
    return found


def pq_code(nits: NDArray[Any]) -> NDArray[np.float64]:
    """Light in cd/m2 as PQ code values, 0 to 1 (the inverse of `pq_nits`)."""
    m1, m2 = 2610 / 16384, 2523 / 4096 * 128
    c1, c2, c3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
    power = (np.asarray(nits, dtype=np.float64) / 10_000) ** m1
    found: NDArray[np.float64] = ((c1 + c2 * power) / (1 + c3 * power)) ** m2
    return found


def tone_mapped_nits(nits: NDArray[Any]) -> NDArray[np.float64]:
    """Light of 0 to `PEAK_NITS` on a display that ends at `WHITE_NITS` (BT.2390, 5.4.1).

    Unchanged below a knee; above it a Hermite spline in PQ's scale, which eyes see as even.
    """
    peak = float(pq_code(np.array(PEAK_NITS)))
    end = float(pq_code(np.array(WHITE_NITS))) / peak  # maxLum of the report; minLum is 0
    code = pq_code(nits) / peak
    knee = 1.5 * end - 0.5
    t = (code - knee) / (1 - knee)
    spline = (
        (2 * t**3 - 3 * t**2 + 1) * knee
        + (t**3 - 2 * t**2 + t) * (1 - knee)
        + (-2 * t**3 + 3 * t**2) * end
    )
    return pq_nits(np.where(code < knee, code, spline) * peak)


def _hlg_scene_light(code: NDArray[np.float64]) -> NDArray[np.float64]:
    """HLG code values as light of the scene, 0 to 1 (the inverse OETF of BT.2100, table 5)."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    return np.where(code <= 0.5, code**2 / 3, (np.exp((code - c) / a) + b) / 12)


def _ordinary_codes(light: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Light, 0 to 1 of the peak, as 8-bit code values that a display of BT.1886 shows so."""
    shown = tone_mapped_nits(light * PEAK_NITS) / WHITE_NITS
    return np.rint(255 * np.clip(shown, 0, 1) ** (1 / _GAMMA)).astype(np.uint8)
