"""Super-resolution before everything else: what it trains, how it goes on, what it leaves alone."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from narrowcast_models import coding as coding_
from narrowcast_models.coding import Coding
from narrowcast_models.data.faces import LabelledFaces
from narrowcast_models.networks.one_for_all import OneForAll, OneForAllConfig
from narrowcast_models.training.batches import Batch
from narrowcast_models.training.config import TrainConfig
from narrowcast_models.training.mixture import MixtureConfig
from narrowcast_models.training.run import STATE_FILE, Run
from narrowcast_shared.errors import DataError


def conditions(codings: Sequence[Coding]) -> torch.Tensor:
    """As the network is told them."""
    return torch.from_numpy(coding_.conditions(codings))


MakeFaces = Callable[..., LabelledFaces]

CONFIG = TrainConfig(
    epochs=3,
    batch_size=16,
    groups=2,
    average_decay=0.5,
    network=OneForAllConfig(widths=(4, 6, 8), blocks=(1, 1, 1), condition_width=4),
    mixture=MixtureConfig(sizes_px=(48, 16, 8), weights=(1, 1, 1), max_frames=2),
    picture_epochs=1,
)


class _Watched(Run):
    """Notes what each step sees, and may pull the plug once an epoch is saved."""

    def __init__(
        self, faces: LabelledFaces, config: TrainConfig, folder: Path, stop_after: int | None = None
    ) -> None:
        super().__init__([faces], config, folder)
        self.seen: list[torch.Tensor] = []
        self.after: list[dict[str, torch.Tensor]] = []
        self._stop_after = stop_after

    def _step(self, batch: Batch) -> torch.Tensor:
        self.seen.append(torch.unique(batch.conditions, dim=0))
        return super()._step(batch)

    def _save(self) -> None:
        super()._save()
        self.after.append({n: p.detach().clone() for n, p in self._network.named_parameters()})
        if self._epoch == self._stop_after:
            raise KeyboardInterrupt


def _equal(one: OneForAll, other: OneForAll) -> bool:
    theirs = other.state_dict()
    return all(torch.equal(tensor, theirs[name]) for name, tensor in one.state_dict().items())


def test_it_sees_the_smallest_size_and_trains_the_picture_alone(
    make_faces: MakeFaces, tmp_path: Path
) -> None:
    run = _Watched(make_faces(48), CONFIG, tmp_path)
    before = {name: p.detach().clone() for name, p in run._network.named_parameters()}
    run.train()
    smallest = conditions([Coding(8, None)])
    assert all(torch.equal(seen, smallest) for seen in run.seen[:3])
    assert len(torch.unique(torch.cat(run.seen[3:]), dim=0)) > 2, "then the mixture"
    first, second = run.after[:2]
    reading = [name for name in before if name.startswith(("features", "shares", "log_sigma"))]
    assert reading
    for name in reading:
        assert torch.equal(first[name], before[name]), name
        assert not torch.equal(second[name], before[name]), name
    for name in ("stem.weight", "super_resolution.pixels.weight"):
        assert not torch.equal(first[name], before[name]), name


def test_the_rest_has_a_whole_schedule(make_faces: MakeFaces, tmp_path: Path) -> None:
    """One cycle over the epochs that are left, from its beginning to its end."""
    run = Run([make_faces(48)], CONFIG, tmp_path)
    assert run._schedule.total_steps == 1 * 3
    run.train()
    assert run._schedule.total_steps == run._schedule.last_epoch == 2 * 3


@pytest.mark.parametrize("stop_after", [1, 2])
def test_stopped_and_resumed_is_never_stopped(
    make_faces: MakeFaces, tmp_path: Path, stop_after: int
) -> None:
    faces, config = make_faces(32), replace(CONFIG, epochs=4, picture_epochs=2)
    through = Run([faces], config, tmp_path / "through").train()
    with pytest.raises(KeyboardInterrupt):
        _Watched(faces, config, tmp_path / "stopped", stop_after).train()
    torch.manual_seed(99)
    assert _equal(Run([faces], config, tmp_path / "stopped").train(), through)


def test_a_state_from_before_there_was_any_goes_on(make_faces: MakeFaces, tmp_path: Path) -> None:
    """Without it a run's tag is what it always was; with it, another."""
    plain = replace(CONFIG, picture_epochs=0)
    assert "picture_epochs" not in plain.tag
    Run([make_faces(32)], plain, tmp_path).train()
    assert torch.load(tmp_path / STATE_FILE)["config"] == plain.tag
    with pytest.raises(DataError, match="another configuration"):
        Run([make_faces(32)], CONFIG, tmp_path).train()


def test_it_is_told_in_the_card() -> None:
    assert CONFIG.as_json()["picture_epochs"] == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"picture_epochs": 3}, "no epoch is left"),
        ({"network": CONFIG.network._replace(picture_stages=0)}, "without it"),
    ],
)
def test_what_cannot_be(
    make_faces: MakeFaces, tmp_path: Path, change: dict[str, object], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        Run([make_faces(32)], replace(CONFIG, **change), tmp_path)  # type: ignore[arg-type]
