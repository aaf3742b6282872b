"""Real decoders on a real Valkey behind a real HAProxy, and what goes wrong with them."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from narrowcast_lab.cluster import balancer
from narrowcast_lab.commands.bench import bench
from narrowcast_shared.errors import LinkError

PAUSED_S = 8.0
"""The balancer has to notice: three looks of a second each, and what they wait for answers."""

WITHIN_S = {
    "subscriber_moved": 30.0,
    "two_encoders": 30.0,
    "bus_restarted": 60.0,
    "replica_slow": PAUSED_S,
    "replica_killed": 30.0,
    "rolling_restart": 30.0,
}


@pytest.mark.usefixtures("installed")
def test_no_fault_loses_doubles_or_disorders_an_acknowledged_sample(tmp_path: Path) -> None:
    """All scenarios, one after another on one cluster, as `narrowcast bench faults` plays them."""
    out = tmp_path / "faults.json"
    result = CliRunner().invoke(bench, ["faults", "--json", str(out)], catch_exceptions=False)
    outcomes = json.loads(out.read_text()) if out.exists() else {}
    assert set(outcomes) == set(WITHIN_S), result.output
    for name, outcome in outcomes.items():
        counts = [outcome[count] for count in ("lost", "duplicated", "out_of_order")]
        assert counts == [0, 0, 0], (name, outcome)
        assert 0 < outcome["recovery_s"] < WITHIN_S[name], (name, outcome)
        assert outcome["samples"] >= 20 * outcome["sessions"], (name, outcome)
    assert result.exit_code == 0, result.output
    assert "rolling restart" in result.output


def test_without_haproxy_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(balancer.shutil, "which", lambda *_, **__: None)
    with pytest.raises(LinkError, match="there is no HAProxy: install it: apt-get install haproxy"):
        CliRunner().invoke(bench, ["faults"], catch_exceptions=False)
