"""The simulated line against a real one, where one can be made; the plan that both carry."""

import os

import pytest
from click.testing import CliRunner

from narrowcast_encoder.detection import make_detector
from narrowcast_encoder.session.settings import StreamSettings
from narrowcast_lab.commands.bench_reallink import reallink
from narrowcast_lab.netns import ETHERNET_BYTES, MTU_BYTES
from narrowcast_lab.reallink import Planned, compare, traffic
from narrowcast_shared.errors import LinkError

CAP_BPS = 16_000
BUCKET_MS = 8000 * (MTU_BYTES + ETHERNET_BYTES) / CAP_BPS


def test_the_plan_is_what_an_encoder_sends() -> None:
    plan = list(traffic("sample", 6, StreamSettings(32, 36, 10, 5), make_detector()))
    assert 10 <= len(plan) <= 13
    assert [at_us for at_us, _ in plan] == sorted(at_us for at_us, _ in plan)
    assert plan[-1].at_us < 6_000_000
    assert all(20 < size < 2000 for _, size in plan)


@pytest.mark.usefixtures("network_namespaces")
def test_both_lines_carry_the_same_and_differ_by_no_more_than_tbfs_bucket() -> None:
    plan = [Planned(200_000 * index, 250) for index in range(20)]
    found = compare(plan, CAP_BPS)
    assert found.messages == 20
    assert found.message_ms == pytest.approx(155)
    assert found.simulated.wire_bps == pytest.approx(found.real.wire_bps, rel=0.3)
    assert found.simulated.delay_ms_p50 >= 155
    off_ms = found.simulated.delay_ms_p50 - found.real.delay_ms_p50
    assert off_ms <= BUCKET_MS + 60, "and what a busy machine takes"
    assert found.rows()["difference"]["delay_ms_p50"] == pytest.approx(off_ms, abs=0.1)


def test_where_no_line_can_be_made_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    result = CliRunner().invoke(reallink, ["--seconds", "1"])
    assert isinstance(result.exception, LinkError)
    assert "run this as root" in str(result.exception)
