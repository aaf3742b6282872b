"""The API against its own description: whatever is asked, the answer is one that it promises."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import positive_data_acceptance
from schemathesis.specs.openapi.schemas import OpenApiSchema

from narrowcast_decoder.store.sqlite import SqliteStore
from narrowcast_lab import processes
from narrowcast_shared.samples import Sample, Status

EXAMPLES = 12

NOT_ASKED = [positive_data_acceptance]
"""Parameters that are right one by one may contradict each other, which is a described 422."""


async def store_sessions(path: Path) -> None:
    """Ended sessions of the names that the description has as examples."""
    store = await SqliteStore.open(path)
    try:
        for session in ("lobby", "0", "a"):
            samples = [
                Sample(id=i, session=session, seq=i - 1, t=1e9 + i, status=Status.NO_FACE)
                for i in range(1, 30)
            ]
            await store.note_started(session, 1e9)
            await store.append(samples)
            await store.note_ended(session, 1e9, "finished")
    finally:
        await store.close()


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenApiSchema]:
    """The description that a real service gives of itself."""
    folder = tmp_path_factory.mktemp("api")
    asyncio.run(store_sessions(folder / "series.sqlite"))
    with processes.decoder(folder) as url:
        yield schemathesis.openapi.from_url(f"{url}/openapi.json")
        assert "Traceback" not in (folder / "decoder.log").read_text()


def test_every_answer_is_one_that_is_described(api: OpenApiSchema) -> None:
    """By values that the description allows, and by others."""
    operations = [result.ok() for result in api.get_all_operations()]
    assert len(operations) == 14
    for operation in operations:
        for mode in GenerationMode:
            _try(operation, mode)


def _try(operation: APIOperation, mode: GenerationMode) -> None:
    answered = 0

    @given(operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: schemathesis.Case) -> None:
        nonlocal answered
        case.call_and_validate(timeout=90, excluded_checks=NOT_ASKED)
        answered += 1

    try:
        ask()
    except Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE  # it has no parameter that could be wrong
    else:
        assert answered
