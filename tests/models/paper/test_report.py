"""Markdown, claims and figure out of cells' files."""

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from pathlib import Path

import pytest

from narrowcast_models.networks.paper import Recognition
from narrowcast_models.paper import report, store
from narrowcast_models.paper.cells import Method
from narrowcast_models.paper.config import PaperConfig
from narrowcast_models.paper.store import CellFigures, CellReport
from narrowcast_shared.errors import DataError

SVG = "{http://www.w3.org/2000/svg}"


def _cell(
    method: Method, factors: tuple[int, ...], ccc: Mapping[int, float], config: PaperConfig
) -> CellReport:
    return CellReport(
        method=method,
        factors=factors,
        variant=config.variant,
        steps=1,
        sr_factor=None,
        config=config.as_json(),
        git_revision="abc",
        torch="2",
        device="cpu",
        faces="random",
        train_faces=40,
        test_faces=24,
        parameters=9,
        seconds=1.0,
        figures=[CellFigures(factor=f, rmse=1 - v / 2, cc=v, ccc=v) for f, v in ccc.items()],
    )


@pytest.fixture
def reports(small: PaperConfig) -> list[CellReport]:
    """At s=3 all is as the paper has it; at s=6 Joint is worse than Non-Joint and than LR."""
    return [
        _cell(Method.JOINT_OA, (3, 4), {3: 0.8, 6: 0.7}, small),
        _cell(Method.JOINT, (3,), {3: 0.7}, small),
        _cell(Method.JOINT, (6,), {6: 0.2}, small),
        _cell(Method.NON_JOINT, (3,), {3: 0.6}, small),
        _cell(Method.NON_JOINT, (6,), {6: 0.5}, small),
        _cell(Method.LR, (3,), {3: 0.5}, small),
        _cell(Method.LR, (6,), {6: 0.4}, small),
        _cell(Method.HR, (1,), {1: 0.9, 3: 0.4, 6: 0.1}, small),
    ]


def test_the_table(reports: list[CellReport]) -> None:
    text = report.markdown(reports)
    lines = text.splitlines()
    assert lines[0].startswith("narrow variant: width 0.03125, 40-px canvas")
    assert "trained on 40 faces, scored on 24" in lines[0]
    start = lines.index("CCC:")
    assert lines[start + 2 : start + 9] == [
        "| method | 96 px | s=3 (32 px) | s=6 (16 px) |",
        "|---|---|---|---|",
        "| HR | 0.900 | 0.400 | 0.100 |",
        "| LR-s |  | 0.500 | 0.400 |",
        "| Non-Joint-s |  | 0.600 | 0.500 |",
        "| Joint-s |  | 0.700 | 0.200 |",
        "| Joint-OA {3, 4} |  | 0.800 | 0.700 |",
    ]
    assert lines.index("CC:") < lines.index("RMSE:")
    assert "| Joint-s |  | 0.650 | 0.900 |" in lines


def test_the_claims(reports: list[CellReport]) -> None:
    claims = {claim.text: claim for claim in report.claims(reports)}
    joint = claims["Joint-s beats Non-Joint-s"]
    assert (joint.held, joint.compared) == (1, 2)
    assert joint.mean_gain == pytest.approx((0.1 - 0.3) / 2)
    assert str(joint) == "Joint-s beats Non-Joint-s: 1 of 2 (-0.100 CCC on average)"
    assert claims["Joint-OA beats the dedicated Joint-s"].held == 2


def test_what_is_not_there_is_not_claimed(reports: list[CellReport]) -> None:
    only_lr = [row for row in reports if row.method is Method.LR]
    assert [claim.compared for claim in report.claims(only_lr)] == [0, 0, 0, 0]
    assert "nothing to compare yet" in report.markdown(only_lr)


def test_how_metrics_order_the_methods(reports: list[CellReport]) -> None:
    """Six pairs a factor; at s=6 Joint stands below LR and Non-Joint."""
    ccc, _, rmse = report.orderings(reports)
    assert ccc == "CCC orders 10 of 12 pairs of methods as the paper has"
    assert rmse == "RMSE orders 10 of 12 pairs of methods as the paper has"


def test_the_figure(reports: list[CellReport]) -> None:
    root = ET.fromstring(report.figure(reports))
    runs = [len((line.get("points") or "").split()) for line in root.iter(f"{SVG}polyline")]
    assert runs == [3, 2, 2, 2, 2]
    words = [text.text for text in root.iter(f"{SVG}text")]
    assert "Joint-OA {3, 4}" in words
    assert any("narrow variant" in (word or "") for word in words)


def test_cells_are_read_beside_other_figures(
    reports: list[CellReport], small: PaperConfig, tmp_path: Path
) -> None:
    for row in reports:
        store.write(row, Recognition(small.network), tmp_path)
    (tmp_path / "oa.json").write_text('{"model": "oa", "points": []}')
    read = store.read_all(tmp_path)
    assert sorted(row.cell for row in read) == sorted(row.cell for row in reports)
    assert report.markdown(read) == report.markdown(reports)


def test_no_cells(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no finished cell"):
        store.read_all(tmp_path)
