"""What the tests of a cluster take, which not every machine has."""

import pytest

from narrowcast_lab.cluster import balancer, stand
from narrowcast_shared.errors import LinkError


@pytest.fixture
def installed() -> None:
    """Skips where HAProxy is missing, which pip cannot install; all else has to be there."""
    try:
        balancer.program()
    except LinkError as error:
        pytest.skip(str(error))
    stand.check()
