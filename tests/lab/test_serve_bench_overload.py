"""Overload: who is to stay and who comes, and what the subscribers' view amounts to."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from narrowcast_lab import serve_bench_overload
from narrowcast_lab.commands.bench import bench
from narrowcast_lab.serve_bench import Request
from narrowcast_lab.serve_bench_load import Plan
from narrowcast_lab.serve_bench_overload import Seen, Told, fairness, make_plans, recovery_s
from narrowcast_shared.errors import SettingsError
from narrowcast_shared.operating_point import Rung, check_point
from narrowcast_shared.samples import Status

PLAN = Plan("http://x", "load", Rung(32, 30), [], 10, 10, 10.0, 110, 10, 1)
REQUEST = Request(10, 10, 4.0, check_point(32, 30, 10, 1), "oa")
OVERLOAD_S = 4.0
FALL_S = serve_bench_overload.CALM_S + OVERLOAD_S


def told(
    due_s: float, *, after_ms: float = 10, session: str = "base-0", status: Status = Status.OK
) -> Told:
    stays = session.startswith("base")
    return Told(session, status, due_s, due_s + after_ms / 1000, stays)


def test_half_the_capacity_stays_and_the_rest_of_its_multiple_comes() -> None:
    plans = make_plans(PLAN, 2.0, OVERLOAD_S)
    assert (plans.base.streams, plans.extra.streams) == (5, 15)
    assert plans.base.subscribers == 5
    whole_s = serve_bench_overload.CALM_S + OVERLOAD_S + serve_bench_overload.RECOVERY_S
    assert (plans.base.frames, plans.extra.frames) == (10 * whole_s, 10 * OVERLOAD_S)


def test_recovery_is_of_those_that_stay() -> None:
    good = [told(FALL_S + s) for s in (0.1, 1.0, 5.0)]
    assert recovery_s(good, FALL_S) == 0
    assert recovery_s([told(FALL_S - 3, after_ms=400)], FALL_S) == 0, "in the overload"
    late = told(FALL_S + 0.5, after_ms=300)
    assert recovery_s([*good, late], FALL_S) == pytest.approx(0.8)
    skipped = told(FALL_S + 1.5, status=Status.SKIPPED)
    assert recovery_s([*good, late, skipped], FALL_S) == pytest.approx(1.51)
    rare = [*[told(FALL_S + s / 100) for s in range(1000)], told(FALL_S + 9, after_ms=300)]
    assert recovery_s(rare, FALL_S) == 0, "one of a thousand"
    gone = told(FALL_S - 0.1, after_ms=3000, session="extra-0")
    assert recovery_s([*good, gone], FALL_S) == 0, "not of the base"


def test_fairness_is_the_least_served_by_the_mean() -> None:
    names = ["base-0", "base-1", "extra-0"]
    read = [told(6.0, session=name) for name in names for _ in range(4)]
    assert fairness(read, names) == 1
    assert fairness(read[2:], names) == pytest.approx(2 / (10 / 3))
    assert fairness(read, [*names, "extra-1"]) == 0, "nobody is forgotten"
    assert fairness([], names) == 0


def test_figures_are_of_what_was_due_in_the_overload() -> None:
    plans = make_plans(PLAN._replace(streams=2), 1.5, OVERLOAD_S)
    inside = serve_bench_overload.CALM_S + 1
    seen = Seen(
        [
            told(1.0, after_ms=20),
            told(inside, after_ms=100),
            told(inside, after_ms=100, session="extra-0"),
            told(inside, after_ms=100, session="extra-1"),
            told(inside, after_ms=500, session="extra-1", status=Status.SKIPPED),
            told(FALL_S, after_ms=900),
        ]
    )
    figures = serve_bench_overload.figures(REQUEST, 1.5, plans, seen, lost=0)
    assert (figures.capacity, figures.streams, figures.samples) == (10, 3, 4)
    assert figures.shed_share == 0.25
    assert (figures.latency_ms_p50, figures.reading_latency_ms_p99) == (100, 100)
    assert figures.latency_ms_p99 == pytest.approx(488, abs=1)
    assert figures.calm_latency_ms_p99 == 20
    assert figures.fairness == 1
    assert figures.readings_a_second == pytest.approx(3 / OVERLOAD_S, abs=0.06)
    assert figures.recovery_s == 0.9


def test_an_overload_from_end_to_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve_bench_overload, "CALM_S", 1.0)
    monkeypatch.setattr(serve_bench_overload, "RECOVERY_S", 1.0)
    out = tmp_path / "overload.json"
    small = ["--streams", "2", "--seconds", "1", "--px", "16", "--overload", "2"]
    result = CliRunner().invoke(
        bench, ["serve", *small, "--json", str(out)], catch_exceptions=False
    )
    assert result.exit_code == 0, result.output
    report = json.loads(out.read_text())
    assert (report["capacity"], report["streams"]) == (2, 4)
    assert report["samples_lost"] == report["samples_missed"] == 0
    assert report["latency_ms_p50"] > 0
    assert "shed share" in result.output


def test_soak_and_overload_are_two_measurements() -> None:
    with pytest.raises(SettingsError, match="two measurements"):
        CliRunner().invoke(
            bench, ["serve", "--soak", "1m", "--overload", "2"], catch_exceptions=False
        )
