"""Recipes: what can be changed, and stages that go on from each other."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from narrowcast_models.data.faces import LabelledFaces
from narrowcast_models.networks.one_for_all import OneForAllConfig
from narrowcast_models.training import recipe, stills
from narrowcast_models.training.config import TrainConfig
from narrowcast_models.training.mixture import MixtureConfig
from narrowcast_models.training.recipe import OA, OA_L, Recipe
from narrowcast_models.training.stills import TargetConfig
from narrowcast_shared.errors import SettingsError

SMALL = TrainConfig(
    epochs=1,
    batch_size=16,
    groups=2,
    average_decay=0.0,
    network=OneForAllConfig(widths=(4, 6, 8), blocks=(1, 1, 1), condition_width=4),
    mixture=MixtureConfig(sizes_px=(16, 8), weights=(1, 1), max_frames=2),
)


def test_what_ships_has_stages_of_one_network() -> None:
    for shipped in (OA, OA_L):
        assert len({stage.network for stage in shipped.stages}) == 1, shipped.name
        assert shipped.changed() == shipped
    assert [stage.targets.own for stage in OA.stages] == [None, OA_L.name]
    assert [stage.targets.own for stage in OA_L.stages] == [None]


def test_settings_are_changed_in_every_stage() -> None:
    changed = OA.changed(seed=7, bf16=False)
    assert [(stage.seed, stage.bf16) for stage in changed.stages] == [(7, False)] * 2
    assert [replace(stage, seed=1, bf16=True) for stage in changed.stages] == list(OA.stages)


@pytest.mark.parametrize("epochs", [(3,), (3, 5)])
def test_epochs_are_given_by_stage(epochs: tuple[int, ...]) -> None:
    """Stages that are not named are left out."""
    assert tuple(stage.epochs for stage in OA.changed(epochs).stages) == epochs


def test_more_epochs_than_stages() -> None:
    with pytest.raises(SettingsError, match="more often than oa-l has stages"):
        OA_L.changed((1, 2))


def test_each_stage_is_in_the_card() -> None:
    plain = OA.as_json()["stages"]
    assert [stage["loss"]["clean"] for stage in plain] == [0.0, 0.5]
    assert [stage["targets"]["own"] for stage in plain] == [None, "oa-l"]
    assert plain[0]["film"]["moved"] == OA.stages[0].film.moved


def test_a_stage_starts_from_the_one_before(
    make_faces: Callable[..., LabelledFaces], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """1. a second stage that learns next to nothing leaves what the first one made  2. each has its
    own targets and folder  3. what is finished is not trained again.
    """
    asked: list[TargetConfig] = []

    def load(config: TargetConfig) -> list[LabelledFaces]:
        asked.append(config)
        return [make_faces(32), make_faces(16, side=96)]

    monkeypatch.setattr(stills, "load", load)
    targets = TargetConfig(votes=0.5)
    second = replace(SMALL, max_rate=1e-9, targets=targets)
    both = recipe.train(Recipe("both", (SMALL, second)), tmp_path, None)
    first = recipe.train(Recipe("first", (SMALL,)), tmp_path, None)
    assert asked == [TargetConfig(), targets, TargetConfig()]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["stage-1", "stage-2"]
    for (name, a), b in zip(both.named_parameters(), first.parameters(), strict=True):
        assert torch.allclose(a, b, atol=1e-6), name
