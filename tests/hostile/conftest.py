"""A decoder with tokens and small limits that strangers reach, for them to try."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ..faults.service import Service  # noqa: TID252 - the one there is
from .guarded import Guarded, guarded

MEMORY_BYTES = 40_000_000
"""What a test may leave in memory: buffers of each size of batch for the session beside it."""

_tried: dict[str, int] = {}


@pytest.fixture(scope="package")
def decoder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """The decoder that all of these tests attack."""
    with guarded(tmp_path_factory.mktemp("guarded")) as running:
        yield running
        running.service.is_well()
        assert_no_secret(running.service, running.secrets)


@pytest.fixture(autouse=True)
def memory_is_flat(request: pytest.FixtureRequest) -> Iterator[None]:
    """Of tests with the shared decoder: it is no larger afterwards."""
    if "decoder" not in request.fixturenames:
        yield
        return
    service = request.getfixturevalue("decoder").service
    before_bytes = service.resident_bytes()
    yield
    grown_bytes = service.resident_bytes() - before_bytes
    assert grown_bytes < MEMORY_BYTES, f"memory grew by {grown_bytes / 1e6:.1f} MB"


@pytest.fixture
def tried(request: pytest.FixtureRequest) -> Iterator[list[str]]:
    """What a test has tried, one line a case; the summary counts them."""
    cases: list[str] = []
    yield cases
    name = request.function.__name__.removeprefix("test_").replace("_", " ")
    _tried[name] = _tried.get(name, 0) + len(cases)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _tried:
        terminalreporter.write_sep("-", f"hostile cases tried: {sum(_tried.values())}")
        for name, count in _tried.items():
            terminalreporter.write_line(f"{count:6} {name}")


def assert_no_secret(service: Service, secrets: list[str]) -> None:
    """Neither the log nor any other file beside it tells a token."""
    for path in Path(service.folder).iterdir():
        if path.name != "tokens.toml":
            data = path.read_bytes()
            assert not [secret for secret in secrets if secret.encode() in data], path
