"""What the experiment depends on, and the paper's schedules in proportion."""

from dataclasses import asdict, dataclass
from typing import Any

from narrowcast_models.networks.paper import PaperNetworkConfig, Pooling

FACTORS = (3, 4, 6, 8, 12, 16)
"""Downsampling factors of the 96-px chip (section 4.1)."""

MIXTURES = ((3, 4, 6), FACTORS)
"""What Joint-OA is fine-tuned on: the paper's mixture, and all of the table's factors."""

PAPER_ITERATIONS = 30_000
"""HR and LR-s in the release's solver; the unit that the other schedules are given in."""

PAPER_SR_ITERATIONS = 500_000
"""SR pre-training in the release's solver."""


@dataclass(frozen=True)
class PaperConfig:
    """`iterations` are those of HR and LR-s; `sr_iterations` None keeps the release's ratio."""

    network: PaperNetworkConfig = PaperNetworkConfig()
    iterations: int = PAPER_ITERATIONS
    sr_iterations: int | None = None
    max_factor: int = max(FACTORS)
    """What Joint-OA's SR pre-training is done at (max-mix, section 3.3)."""

    batch_size: int = 128
    rate: float = 0.01
    transferred_rate: float = 0.1
    """Of `rate`, for layers that SR pre-training initialised."""

    momentum: float = 0.9
    weight_decay: float = 5e-4
    sr_rate: float = 1e-4
    """For Caffe's Euclidean loss, which sums over a patch's pixels; no decay (release)."""

    sr_patch_px: int = 32
    mirror: bool = True
    seed: int = 1

    @property
    def sr_steps(self) -> int:
        """Iterations of SR pre-training."""
        ratio = PAPER_SR_ITERATIONS / PAPER_ITERATIONS
        return round(ratio * self.iterations) if self.sr_iterations is None else self.sr_iterations

    @property
    def variant(self) -> str:
        """One line that tells the paper's own network from a labelled smaller one."""
        net = self.network
        full = net == PaperNetworkConfig(pooling=net.pooling)
        name = "full width" if full else "narrow variant"
        return (
            f"{name}: width {net.width:g}, {net.canvas_px}-px canvas, {net.pooling} pooling, "
            f"{self.iterations} iterations for HR and LR-s (the paper's {PAPER_ITERATIONS}), "
            f"{self.sr_steps} of SR pre-training, seed {self.seed}"
        )

    def as_json(self) -> dict[str, Any]:
        """Plain values for a cell's file."""
        return asdict(self) | {"network": self.network._asdict()}


def network_of(plain: dict[str, Any]) -> PaperNetworkConfig:
    """The network's configuration out of a file's plain values.

    Raises LookupError, TypeError or ValueError where they describe none.
    """
    return PaperNetworkConfig(plain["canvas_px"], plain["width"], Pooling(plain["pooling"]))
