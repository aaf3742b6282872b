"""The operating table: the shipped one, and files that are none."""

import json
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import pytest

from narrowcast_encoder.control import table
from narrowcast_encoder.control.table import Row
from narrowcast_shared.errors import SettingsError
from narrowcast_shared.operating_point import Rung


def _row(px: int = 24, qp: int = 36, fps: float = 25.0, **changed: object) -> dict[str, Any]:
    plain = {"kept": 0.9, "psnr_db": 30.5, "p_frame_bytes": 12.5, "keyframe_bytes": 140.0}
    return {"px": px, "qp": qp, "fps": fps, **plain, **changed}


def _told(rows: object, **more: object) -> dict[str, Any]:
    source = {
        "model": "oa",
        "weights_sha256": "0" * 64,
        "git_revision": "abc",
        "command": "narrowcast rd",
        "reels": {"count": 2},
        "ccc_uncoded": 0.8,
    }
    return {**source, "rows": rows, **more}


def _written(folder: Path, told: object) -> Path:
    path = folder / "mine.json"
    path.write_text(json.dumps(told))
    return path


def test_the_shipped_table_has_a_choice_at_every_frame_rate() -> None:
    shipped = table.load()
    assert shipped.source.model == "oa"
    assert len(shipped.source.weights_sha256) == 64
    assert 0.5 < shipped.source.ccc_uncoded < 1
    rates = {row.fps for row in shipped.rows}
    assert max(rates) == 25
    assert min(rates) <= 2
    assert len({row.rung.px for row in shipped.rows}) > 3


def test_more_bytes_keep_more_at_each_rate_of_the_shipped_table() -> None:
    for _, rows in groupby(table.load().rows, key=lambda row: row.fps):
        for cheap, dear in pairwise(rows):
            assert cheap.p_frame_bytes < dear.p_frame_bytes < dear.keyframe_bytes
            assert cheap.kept < dear.kept


def test_rows_come_by_frame_rate_and_then_by_bytes(tmp_path: Path) -> None:
    rows = [_row(), _row(fps=5.0), _row(px=16, p_frame_bytes=6.0)]
    loaded = table.load(_written(tmp_path, _told(rows, extra="is left alone")))
    assert loaded.rows == (
        Row(Rung(24, 36), 5.0, 0.9, 12.5, 140.0, 30.5),
        Row(Rung(16, 36), 25.0, 0.9, 6.0, 140.0, 30.5),
        Row(Rung(24, 36), 25.0, 0.9, 12.5, 140.0, 30.5),
    )
    assert loaded.source.reels == {"count": 2}
    assert loaded.source.command == "narrowcast rd"


@pytest.mark.parametrize(
    ("rows", "where"),
    [
        ([], "rows"),
        ([_row(), _row(px=97)], r"rows\.1\.px"),
        ([_row(qp=52)], r"rows\.0\.qp"),
        ([_row(fps=0)], r"rows\.0\.fps"),
        ([_row(p_frame_bytes=0)], r"rows\.0\.p_frame_bytes"),
        ([_row(kept=None)], r"rows\.0\.kept"),
        ([_row(kept=float("nan"))], r"rows\.0\.kept"),
        ({}, "rows"),
    ],
)
def test_a_fault_is_named_with_its_place(tmp_path: Path, rows: object, where: str) -> None:
    with pytest.raises(SettingsError, match=rf"no operating table \({where}: ") as caught:
        table.load(_written(tmp_path, _told(rows)))
    assert "narrowcast rd --table" in caught.value.remedy


@pytest.mark.parametrize("told", [[], 1, None, {}])
def test_other_json_is_no_table(tmp_path: Path, told: object) -> None:
    with pytest.raises(SettingsError, match="is no operating table"):
        table.load(_written(tmp_path, told))


def test_what_is_no_json_or_no_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    with pytest.raises(SettingsError, match="cannot be read"):
        table.load(path)
    path.write_bytes(b"\xff{")
    with pytest.raises(SettingsError, match="is no JSON"):
        table.load(path)
