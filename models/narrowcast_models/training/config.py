"""Everything that decides the weights, beside the data and the code."""

from dataclasses import asdict, dataclass, field
from typing import Any

from narrowcast_models.networks.one_for_all import OneForAllConfig
from narrowcast_models.training.film import FilmConfig
from narrowcast_models.training.losses import LossWeights
from narrowcast_models.training.mixture import MixtureConfig
from narrowcast_models.training.motion import MotionConfig
from narrowcast_models.training.sensor import SensorConfig
from narrowcast_models.training.stills import TargetConfig


@dataclass(frozen=True)
class TrainConfig:
    """One run of training.

    `picture_epochs`: how many of the epochs, the first, train super-resolution alone at the
    mixture's smallest size, uncoded (max-mix's pre-training, Cheng et al. 2017, section 3.3).
    """

    epochs: int = 96
    batch_size: int = 128
    groups: int = 4
    bf16: bool = False  # convolutions in bfloat16: faster where the CPU has AVX512-BF16 or AMX
    max_rate: float = 4e-3
    weight_decay: float = 0.02
    average_decay: float = 0.998
    max_gradient: float = 5.0
    seed: int = 1
    network: OneForAllConfig = OneForAllConfig()
    mixture: MixtureConfig = MixtureConfig()
    motion: MotionConfig = MotionConfig()
    sensor: SensorConfig = SensorConfig()
    targets: TargetConfig = TargetConfig()
    film: FilmConfig = FilmConfig()  # used where a film is given
    loss: LossWeights = LossWeights()
    picture_epochs: int = field(default=0, repr=False)

    @property
    def tag(self) -> str:
        """What a state tells its run by. Runs older than `picture_epochs` have none, and go on."""
        return f"{self!r} {self.picture_epochs=}" if self.picture_epochs else repr(self)

    def as_json(self) -> dict[str, Any]:
        """Plain values for a card; the nested tuples as objects with their field names."""
        plain = asdict(self)
        nested = {k: v._asdict() for k, v in plain.items() if hasattr(v, "_asdict")}
        return plain | nested
