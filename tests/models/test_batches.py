"""A network is given few sizes of batches."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from narrowcast_models.batches import SIZES, filled


@given(st.lists(st.integers(), min_size=1, max_size=SIZES[-1]))
def test_a_batch_is_filled_up_with_its_last(batch: list[int]) -> None:
    full = filled(batch)
    assert full[: len(batch)] == batch
    assert set(full[len(batch) :]) <= {batch[-1]}
    assert len(full) in SIZES


@pytest.mark.parametrize(("count", "size"), [(1, 1), (5, 6), (33, 40), (64, 64), (100, 100)])
def test_sizes(count: int, size: int) -> None:
    assert len(filled(range(count))) == size
