"""docs/howto-embed.md: the names that it calls stable are those that there are."""

import importlib
import re

import pytest

from .test_docs import ROOT

TEXT = (ROOT / "docs" / "howto-embed.md").read_text()
TABLE = {
    module: set(re.findall(r"`(\w+)`", names))
    for module, names in re.findall(r"^\| `([\w.]+)` \| (.+) \|$", TEXT, re.MULTILINE)
}
WHOLE = ("narrowcast_encoder.client", "narrowcast_client")
"""Modules of which everything is stable."""


@pytest.mark.parametrize("module", TABLE)
def test_names_that_are_stable_exist(module: str) -> None:
    offered = importlib.import_module(module)
    assert TABLE[module]
    assert [name for name in TABLE[module] if not hasattr(offered, name)] == []


@pytest.mark.parametrize("module", WHOLE)
def test_what_a_client_module_offers_is_listed(module: str) -> None:
    assert set(importlib.import_module(module).__all__) == TABLE[module]
