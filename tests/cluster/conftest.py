"""What the tests of a cluster take, which not every machine has."""

import pytest

from narrowcast_lab.cluster import stand
from narrowcast_shared.errors import LinkError


@pytest.fixture
def installed() -> None:
    """Skips where Valkey or HAProxy is missing, and names which."""
    try:
        stand.check()
    except LinkError as error:
        pytest.skip(str(error))
