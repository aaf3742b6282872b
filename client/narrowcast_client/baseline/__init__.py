"""A person's resting valence, and samples corrected by it: the same live, replayed and exported.

    choice = BaselineChoice(seconds=30)
    baseline = choice.begin(ModelName(name="oa"))
    for sample in series:
        print(baseline.above_rest(sample).valence_above_rest)

`estimate` has the statistics and learns from samples, `correction` subtracts, `profile` stores a
rest as a file. What the correction guarantees and what it does not: docs/baseline.md.
"""

from narrowcast_client.baseline.correction import (
    Baseline,
    BaselineChoice,
    BaselineFilter,
    KnownRest,
    SampleAboveRest,
    learn_from_archive,
)
from narrowcast_client.baseline.estimate import MAX_S, MIN_S, Rest, RestLearner
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
    "BaselineFilter",
    "KnownRest",
    "ModelName",
    "Profile",
    "Rest",
    "RestLearner",
    "SampleAboveRest",
    "learn_from_archive",
    "profile_of",
    "read_profile",
    "write_profile",
]
