"""Decoders as processes of their own, with a real store, that faults are brought upon."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from .service import Service, service

ODD_DECODER = str(Path(__file__).with_name("odd_decoder.py"))


@pytest.fixture(scope="session")
def decoder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A decoder that no publisher and no encoder may end, whatever it does; all share it."""
    with service(tmp_path_factory.mktemp("decoder")) as running:
        yield running
        running.is_well()


@pytest.fixture(scope="session")
def odd_decoder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One with faults inside, as `odd_decoder.py` has them."""
    with service(tmp_path_factory.mktemp("odd"), program=[ODD_DECODER]) as running:
        yield running
        running.is_well()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where one test's store and logs are."""
    return tmp_path
