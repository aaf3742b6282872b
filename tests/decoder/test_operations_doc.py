"""docs/operations.md: its tables and examples are of the metrics that there are."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from narrowcast_decoder.hub import Hub
from narrowcast_decoder.service import Service
from narrowcast_shared.logs import ABOUT

DOC = (Path(__file__).parents[2] / "docs/operations.md").read_text()
PARTS = ("_bucket", "_sum", "_count")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", DOC, re.DOTALL)


@pytest.fixture(scope="module")
def types() -> dict[str, str]:
    """Type of each metric of the page."""
    store: Any = None  # it is not asked
    service = Service(store, Hub(), set[str], model="oa")
    page, _ = service.metrics_page.render(None)
    return dict(re.findall(r"^# TYPE (\w+) (\w+)$", page.decode(), re.MULTILINE))


def test_the_table_lists_every_metric_with_its_type(types: dict[str, str]) -> None:
    listed = dict(re.findall(r"^\| `(narrowcast_\w+)` \| (\w+) \|", DOC, re.MULTILINE))
    assert listed == {name: kind for name, kind in types.items() if name.startswith("narrowcast")}


def test_names_and_units_are_prometheus_own_way(types: dict[str, str]) -> None:
    for name, kind in types.items():
        if name.startswith("narrowcast_"):
            assert name.endswith("_total") == (kind == "counter"), name
            assert not re.search(r"_(ms|us|milli|bits|bps|kb)(_|$)", name), name


def test_queries_and_alerts_are_of_metrics_there_are(types: dict[str, str]) -> None:
    (scrape,) = yaml.safe_load(blocks("yaml")[0])["scrape_configs"]
    rules = yaml.safe_load(blocks("yaml")[1])["groups"][0]["rules"]
    assert all(set(rule) <= {"alert", "expr", "for"} for rule in rules)
    queries = "\n".join([*blocks("promql"), *(rule["expr"] for rule in rules)])
    used = set(re.findall(r"\b(?:narrowcast|process)_\w+", queries))
    assert len(used) >= 6
    known = set(types) | {f"{name}{part}" for name in types for part in PARTS}
    assert used <= known
    assert f'up{{job="{scrape["job_name"]}"}}' in queries


def test_a_record_of_the_log_has_the_fields_it_has() -> None:
    problem, record = map(json.loads, blocks("json"))
    assert list(record) == ["time", "level", "logger", "message", *ABOUT]
    assert problem["status"] == 503
