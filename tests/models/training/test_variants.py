"""Each variant is the recipe with one thing changed."""

from dataclasses import fields, replace

import pytest

from narrowcast_models.coding import Coding
from narrowcast_models.commands import experiment_ablation
from narrowcast_models.training.config import TrainConfig
from narrowcast_models.training.recipe import OA
from narrowcast_models.training.variants import BASE, GRID, VARIANTS

RECIPE = replace(OA.stages[0], epochs=8)


def _differs_in(changed: TrainConfig) -> list[str]:
    """Names of what is not as in the recipe; of nested parts, the part's name before it."""
    out = []
    for name in (field.name for field in fields(RECIPE)):
        ours, theirs = getattr(RECIPE, name), getattr(changed, name)
        if not hasattr(ours, "_asdict"):
            out += [name] * (ours != theirs)
            continue
        out += [f"{name}.{key}" for key, v in ours._asdict().items() if v != getattr(theirs, key)]
    return out


@pytest.mark.parametrize(
    ("name", "differences"),
    [
        ("base", []),
        ("no-picture", ["loss.picture"]),
        ("sr-first", ["picture_epochs"]),
        ("dedicated-48", ["mixture.sizes_px", "mixture.weights"]),
        ("dedicated-16", ["mixture.sizes_px", "mixture.weights"]),
        ("dedicated-8", ["mixture.sizes_px", "mixture.weights"]),
        ("no-codec", ["mixture.coded"]),
        ("plain-motion", ["motion.max_slope", "motion.max_sharpening", "motion.occluded"]),
        ("taught", ["targets.own"]),
    ],
)
def test_one_thing_is_changed(name: str, differences: list[str]) -> None:
    assert _differs_in(VARIANTS[name].change(RECIPE)) == differences


def test_the_commands_variants_are_these() -> None:
    assert tuple(VARIANTS) == experiment_ablation.VARIANTS


def test_a_quarter_of_the_epochs_is_super_resolution() -> None:
    change = VARIANTS["sr-first"].change
    assert [change(replace(RECIPE, epochs=n)).picture_epochs for n in (2, 8, 40)] == [1, 2, 10]


def test_a_dedicated_one_is_scored_at_its_size() -> None:
    assert VARIANTS[BASE].scored_at(GRID) == GRID
    assert VARIANTS["dedicated-48"].scored_at(GRID) == (Coding(48, None), Coding(48, 36))
    assert VARIANTS["dedicated-8"].scored_at(GRID) == (Coding(8, None),)
    assert VARIANTS["dedicated-8"].change(RECIPE).mixture.sizes_px == (8,)
