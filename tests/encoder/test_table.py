"""The operating table: the shipped one, and files that are none."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from narrowcast_encoder.rate import table
from narrowcast_encoder.rate.table import Row
from narrowcast_shared.errors import SettingsError
from narrowcast_shared.operating_point import Rung


def _row(px: int = 24, qp: int = 36, **changed: object) -> dict[str, Any]:
    plain = {"kept": [0.7, 0.9], "p_frame_bytes": 12.5, "keyframe_bytes": 140.0}
    return {"px": px, "qp": qp, **plain, **changed}


def _table(rows: object, **more: object) -> dict[str, Any]:
    source = {
        "model": "oa",
        "weights_sha256": "0" * 64,
        "git_revision": "abc",
        "command": "narrowcast rd",
        "footage": {"clips": {"anna.mp4": 300}},
        "rates_bps": [4000, 16000],
    }
    return {**source, "rows": rows, **more}


def _written(folder: Path, content: object) -> Path:
    path = folder / "mine.json"
    path.write_text(json.dumps(content))
    return path


def test_the_shipped_table_goes_from_1_to_32_kbit_s_and_names_its_source() -> None:
    shipped = table.load()
    assert shipped.source.model == "oa"
    assert len(shipped.source.weights_sha256) == 64
    assert shipped.source.footage["clips"]
    assert shipped.rates_bps[0] <= 1000
    assert shipped.rates_bps[-1] >= 32_000


def test_more_of_a_line_keeps_more_by_the_shipped_table_and_asks_for_more_bytes() -> None:
    shipped = table.load()
    for row in shipped.rows:
        assert all(low <= high for low, high in pairwise(row.kept))
        assert row.p_frame_bytes < row.keyframe_bytes
    best = [shipped.best(bps) for bps in (2_000, 8_000, 32_000)]
    assert best[0].p_frame_bytes < best[1].p_frame_bytes < best[2].p_frame_bytes


def test_between_the_measured_rates_the_logarithm_counts(tmp_path: Path) -> None:
    rows = [_row(kept=[0.6, 0.8]), _row(px=48, kept=[0.4, 0.9])]
    loaded = table.load(_written(tmp_path, _table(rows, extra="is ignored")))
    small, large = loaded.rows
    assert small == Row(Rung(24, 36), 12.5, 140.0, (0.6, 0.8))
    assert loaded.kept(small, 8_000) == pytest.approx(0.7)
    assert loaded.kept(small, 100) == 0.6
    assert loaded.kept(small, 1e6) == 0.8
    assert loaded.best(4_000) is small
    assert loaded.best(16_000) is large


def test_p_frames_grow_with_the_gap_and_a_still_face_costs_something() -> None:
    row = Row(Rung(24, 36), 24.0, 140.0, (0.9,))
    assert row.excess_bytes(0.04) == 20
    assert row.excess_bytes(0.01) == 20
    assert 34 < row.excess_bytes(0.16) < 40
    assert Row(Rung(24, 36), 4.0, 140.0, (0.9,)).excess_bytes(0.04) == 0.5


@pytest.mark.parametrize(
    ("rows", "where"),
    [
        ([], "rows: "),
        ([_row(), _row(px=97)], r"rows\.1\.px: "),
        ([_row(qp=52)], r"rows\.0\.qp: "),
        ([_row(p_frame_bytes=0)], r"rows\.0\.p_frame_bytes: "),
        ([_row(kept=None)], r"rows\.0\.kept: "),
        ([_row(kept=[0.1, float("nan")])], r"rows\.0\.kept\.1: "),
        ([_row(), _row(px=48, kept=[0.5])], "px 48, qp 36: "),
        ({}, "rows: "),
    ],
)
def test_a_fault_is_named_with_its_place(tmp_path: Path, rows: object, where: str) -> None:
    with pytest.raises(SettingsError, match=rf"no operating table \({where}") as caught:
        table.load(_written(tmp_path, _table(rows)))
    assert "narrowcast rd --table" in caught.value.remedy


@pytest.mark.parametrize("rates", [[16000, 4000], [4000, 4000], [0, 4000], []])
def test_rates_that_do_not_rise_are_refused(tmp_path: Path, rates: list[int]) -> None:
    with pytest.raises(SettingsError, match=r"no operating table .*rates_bps"):
        table.load(_written(tmp_path, _table([_row()], rates_bps=rates)))


@pytest.mark.parametrize("content", [[], 1, None, {}])
def test_other_json_is_no_table(tmp_path: Path, content: object) -> None:
    with pytest.raises(SettingsError, match="is no operating table"):
        table.load(_written(tmp_path, content))


def test_what_is_no_json_or_no_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    with pytest.raises(SettingsError, match="cannot be read"):
        table.load(path)
    path.write_bytes(b"\xff{")
    with pytest.raises(SettingsError, match="is no JSON"):
        table.load(path)
