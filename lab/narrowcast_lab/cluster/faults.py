"""All scenarios, one after another, on one cluster."""

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path

from narrowcast_lab.cluster import stand
from narrowcast_lab.cluster.crowd import Outcome
from narrowcast_lab.cluster.scenarios import SCENARIOS

Tell = Callable[[str], None]


def run(replicas: int, model: str, tell: Tell) -> dict[str, Outcome]:
    """Run every scenario. Raises LinkError where what it takes is not installed, or one fails."""
    outcomes: dict[str, Outcome] = {}
    stand.check()
    with tempfile.TemporaryDirectory(prefix="narrowcast-") as name:
        folder = Path(name)
        tell(f"starting Valkey, HAProxy and {replicas} decoders")
        with stand.running(folder, replicas, model) as cluster:
            for scenario, play in SCENARIOS.items():
                tell(scenario.replace("_", " "))
                outcomes[scenario] = asyncio.run(play(cluster, folder))
    return outcomes
