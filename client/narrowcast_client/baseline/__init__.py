"""A person's resting valence, and what is read above it: pure, the same live and offline.

    choice = BaselineChoice(seconds=30)
    baseline = choice.begin(ModelName(name="oa"))
    for sample in series:
        print(baseline.above_rest(sample).valence_above_rest)

What this promises and what it does not: docs/baseline.md.
"""

from narrowcast_client.baseline.above_rest import SampleAboveRest
from narrowcast_client.baseline.baseline import Baseline, BaselineChoice, Known
from narrowcast_client.baseline.estimate import Rest
from narrowcast_client.baseline.learner import MAX_S, MIN_S, RestLearner
from narrowcast_client.baseline.profile import (
    Profile,
    profile_of,
    read_profile,
    write_profile,
)
from narrowcast_shared.model_name import ModelName

__all__ = [
    "MAX_S",
    "MIN_S",
    "Baseline",
    "BaselineChoice",
    "Known",
    "ModelName",
    "Profile",
    "Rest",
    "RestLearner",
    "SampleAboveRest",
    "profile_of",
    "read_profile",
    "write_profile",
]
