"""What is asked of every series after a fault, as of every other one."""

from narrowcast_shared.samples import Sample, Status

from ..end_to_end.series import Series, check, read  # noqa: TID252 - the one there is

__all__ = ["Series", "check", "nothing_is_lost", "read"]


def nothing_is_lost(samples: list[Sample]) -> None:
    """All were read, but for those that a machine too slow for its load has shed."""
    check(samples)
    statuses = [sample.status for sample in samples]
    assert set(statuses) <= {Status.OK, Status.SKIPPED}
    assert statuses.count(Status.OK) > len(statuses) / 2
