"""What the card says of the network and of the code that made it."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from narrowcast_models.evaluation.sizes import Figures
from narrowcast_models.networks.one_for_all import OneForAll, OneForAllConfig
from narrowcast_models.training import card
from narrowcast_models.training.config import TrainConfig
from narrowcast_models.training.provenance import UNKNOWN, git_revision


def test_macs_by_hand() -> None:
    """Without blocks: the stem's 24x24x4x9x4, and the heads'."""
    network = OneForAll(
        OneForAllConfig(widths=(4,), blocks=(0,), condition_width=2, features=0, picture_stages=0)
    )
    heads = 3 * 2 + 4 * 8 + (4 + 2) * 32 + 32  # condition, shares, log sigma
    assert card.macs_per_chip(network) == pytest.approx(24 * 24 * 4 * 9 * 4 + heads, abs=8)


def test_macs_of_the_default() -> None:
    """A tenth of the paper's .61 GMAC would be 61 million."""
    assert card.macs_per_chip(OneForAll()) == pytest.approx(6.648e6, rel=1e-3)


def test_the_picture_is_not_counted() -> None:
    """Whoever reads does not pay for it."""
    without = OneForAll(OneForAllConfig(picture_stages=0))
    assert card.macs_per_chip(without) == card.macs_per_chip(OneForAll())


def test_the_card(tiny_network: OneForAll) -> None:
    figures = [Figures(24, None, 0.5, 0.6, 0.3, 0.9, 0.2, 10)]
    training = TrainConfig(seed=3).as_json() | {"faces": 5}
    made = card.describe("tiny", tiny_network, training, figures, "narrowcast train oa")
    assert made.name == "tiny"
    assert made.command == "narrowcast train oa"
    assert made.training["seed"] == 3
    assert made.training["faces"] == 5
    assert made.figures["eval_clean"][0]["ccc"] == 0.5
    assert made.figures["macs_per_chip"] > 0
    terms = json.dumps([source.model_dump() for source in made.data])
    assert "MIT (Microsoft)" in terms
    assert "never redistributed, and not contained in the weights" in terms
    assert "not what the person feels" in made.limits
    assert json.loads(made.model_dump_json())["network"]["widths"] == [4, 6, 8]


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
class TestRevision:
    def _git(self, folder: Path, *arguments: str) -> str:
        identity = ("-c", "user.name=a", "-c", "user.email=a@example.org")
        done = subprocess.run(
            ["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def test_clean_dirty_and_untracked(self, tmp_path: Path) -> None:
        """1. committed  2. a stranger in the folder  3. changed since"""
        file = tmp_path / "code.py"
        file.write_text("1")
        self._git(tmp_path, "init")
        assert git_revision(file) == UNKNOWN
        self._git(tmp_path, "add", "code.py")
        self._git(tmp_path, "commit", "-m", "one")
        revision = self._git(tmp_path, "rev-parse", "HEAD")
        assert git_revision(file) == revision
        (tmp_path / "installed.py").write_text("2")
        assert git_revision(file) == revision
        assert git_revision(tmp_path / "installed.py") == UNKNOWN
        file.write_text("3")
        assert git_revision(file) == f"{revision}-dirty"

    def test_no_checkout(self, tmp_path: Path) -> None:
        assert git_revision(tmp_path / "code.py") == UNKNOWN

    def test_no_git(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        assert git_revision() == UNKNOWN
