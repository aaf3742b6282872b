"""`oa` with one thing changed: what each of its ideas gives, measured without it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from narrowcast_models.coding import Coding
from narrowcast_models.evaluation import grid
from narrowcast_models.training import mixture
from narrowcast_models.training.config import TrainConfig

Change = Callable[[TrainConfig], TrainConfig]

GRID = grid.codings((48, 24, 16, 12, 8, 6), [None]) + grid.codings((48, 32, 16), [36])
"""What variants are scored at."""

TEACHER = "oa-l"
BASE = "base"


class Variant(NamedTuple):
    """`px`: the one size that it is trained at and scored at; None where it has them all."""

    what: str
    change: Change
    px: int | None = None

    def scored_at(self, codings: Sequence[Coding]) -> tuple[Coding, ...]:
        """Those of the codings that it has been trained for."""
        return tuple(coding for coding in codings if self.px in (None, coding.px))


def _no_picture(base: TrainConfig) -> TrainConfig:
    return replace(base, loss=base.loss._replace(picture=0.0))


def _picture_first(base: TrainConfig) -> TrainConfig:
    return replace(base, picture_epochs=max(1, base.epochs // 4))


def _no_codec(base: TrainConfig) -> TrainConfig:
    return replace(base, mixture=base.mixture._replace(coded=0.0))


def _plain_motion(base: TrainConfig) -> TrainConfig:
    plain = base.motion._replace(max_slope=0.0, max_sharpening=0.0, occluded=0.0)
    return replace(base, motion=plain)


def _taught(base: TrainConfig) -> TrainConfig:
    return replace(base, targets=base.targets._replace(own=TEACHER))


def _dedicated(px: int) -> Variant:
    def change(base: TrainConfig) -> TrainConfig:
        return replace(base, mixture=mixture.only(base.mixture, px))

    return Variant(f"no mixture of sizes: trained at {px} px, and scored there", change, px)


VARIANTS = {
    BASE: Variant("the recipe of `oa`, without a teacher", lambda base: base),
    "no-picture": Variant("super-resolution is not trained", _no_picture),
    "sr-first": Variant(
        "the first quarter of the epochs trains super-resolution alone, at the smallest size",
        _picture_first,
    ),
    "dedicated-48": _dedicated(48),
    "dedicated-16": _dedicated(16),
    "dedicated-8": _dedicated(8),
    "no-codec": Variant(
        "no face is coded in training, nor is the network told of codecs", _no_codec
    ),
    "plain-motion": Variant("no light from one side, no focus, nothing occluded", _plain_motion),
    "taught": Variant(f"`{TEACHER}` is one of the teachers", _taught),
}
"""By name, in the table's order."""
