"""The sizes and quantisers that figures are given for."""

from collections.abc import Iterable

from narrowcast_models.coding import Coding

SIZES_PX = (96, 48, 32, 24, 16, 12, 8, 6)
"""The full chip and the paper's factors 3 to 16 (Cheng et al. 2017, section 4), and 48 px."""

CODED_SIZES_PX = (48, 32, 24, 16, 12)
QPS = (24, 30, 36, 42)


def codings(sizes_px: Iterable[int], qps: Iterable[int | None]) -> tuple[Coding, ...]:
    """Every size at every quantiser, the quantisers of one size together."""
    qps = tuple(qps)
    return tuple(Coding(px, qp) for px in sizes_px for qp in qps)


CARD_GRID = codings(SIZES_PX, [None]) + codings(CODED_SIZES_PX, QPS)
"""What a model's card shows."""
