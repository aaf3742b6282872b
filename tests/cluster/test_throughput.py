"""What `narrowcast bench cluster` measures and how it compares."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from narrowcast_lab.cluster import stand, throughput
from narrowcast_lab.cluster.throughput import Figures, Report, SetUp
from narrowcast_lab.commands.bench import bench
from narrowcast_lab.serve_bench import Request, make_clips
from narrowcast_shared.operating_point import check_point

REQUEST = Request(3, 3, 1.0, check_point(16, 30, 20, 1), "oa")
FIGURES = Figures(60.0, 60.0, 700.0, 70.0, 80.0, 0.4, 7.0, 400.0, 40.0, 60.0, 80.0, 0, 0)


@pytest.mark.usefixtures("installed")
def test_one_load_on_the_bus_is_measured(tmp_path: Path) -> None:
    with stand.running(tmp_path, 1) as cluster:
        target = SetUp(
            cluster.balancer, [cluster.replicas[0].url], (cluster.bus.url, cluster.bus.pid)
        )
        figures = throughput.run(target, REQUEST, make_clips(REQUEST), "load")
    assert figures.lost == figures.missed == 0
    assert figures.offered_per_s == 60
    assert 0 < figures.readings_per_s < 120
    assert min(figures.decoder_cpu_us, figures.bus_commands, figures.bus_bytes, figures.cores) > 0
    assert figures.latency_ms_p50 is not None
    assert figures.latency_ms_p99 is not None
    assert 0 < figures.latency_ms_p50 <= figures.latency_ms_p99


def report() -> Report:
    def of(**changed: float) -> dict[str, Figures]:
        return {load: FIGURES._replace(**changed) for load in throughput.Loads._fields}

    return {
        "1 decoder on SQLite": of(),
        "1 decoder on the bus": of(decoder_cpu_us=1050.0, readings_per_s=30.0),
        "2 decoders on the bus": of(readings_per_s=57.0),
    }


def test_ratios_are_of_what_was_changed() -> None:
    ratios = throughput.ratios(report())
    assert ratios["bus / SQLite, CPU of decoders a sample"] == 1.5
    assert ratios["bus / SQLite, readings a second"] == 0.5
    assert ratios["bus / SQLite, latency p99"] == 1.0
    assert ratios["2 / 1 decoders, readings a second"] == 1.9


def test_medians_are_of_each_figure() -> None:
    runs = [FIGURES._replace(cores=cores) for cores in (0.1, 0.9, 0.2)]
    assert throughput.median(runs) == FIGURES._replace(cores=0.2)
    assert throughput.median([FIGURES._replace(latency_ms_p50=None)]).latency_ms_p50 is None


def test_where_nothing_came_there_is_no_ratio() -> None:
    silent = report()
    silent["1 decoder on SQLite"] = dict.fromkeys(
        throughput.Loads._fields, FIGURES._replace(latency_ms_p99=None, readings_per_s=0.0)
    )
    ratios = throughput.ratios(silent)
    assert ratios["bus / SQLite, latency p99"] is None
    assert ratios["bus / SQLite, readings a second"] is None
    assert ratios["2 / 1 decoders, readings a second"] == 1.9


def test_the_command_shows_and_writes_what_was_measured(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked = []

    def measure(loads: throughput.Loads, rounds: int, _: object) -> Report:
        asked.append((loads.served.streams, loads.too_many.streams, rounds))
        return report()

    monkeypatch.setattr(throughput, "measure", measure)
    out = tmp_path / "cluster.json"
    loads = ["--streams", "4", "--too-many", "9"]
    arguments = ["cluster", *loads, "--rounds", "3", "--json", str(out)]
    result = CliRunner().invoke(bench, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    assert asked == [(4, 9, 3)]
    assert "2 / 1 decoders, readings a second │ 1.90" in " ".join(result.output.split())
    document = json.loads(out.read_text())
    assert document["rounds"] == 3
    assert document["set_ups"]["1 decoder on the bus"]["served"]["decoder_cpu_us"] == 1050.0
    assert document["ratios"]["2 / 1 decoders, readings a second"] == 1.9
