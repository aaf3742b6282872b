"""The ablation's Markdown out of its cells."""

from collections.abc import Mapping

import pytest

from narrowcast_models.training import ablation_report
from narrowcast_models.training.ablation import AblationCell, CodingFigures

CODINGS = ((48, None), (8, None), (48, 36))


def _cell(variant: str, ccc: Mapping[tuple[int, int | None], float]) -> AblationCell:
    return AblationCell(
        variant=variant,
        what=f"what {variant} is",
        config={"epochs": 8, "seed": 1},
        teacher_sha256=None,
        git_revision="abc",
        torch="2",
        threads=1,
        faces="random",
        train_faces=40,
        calibration_faces=13,
        test_faces=12,
        parameters=9,
        seconds=1.0,
        figures=[
            CodingFigures(
                px=px, qp=qp, ccc=v, cc=v + 0.1, rmse=0.2, ccc_low=v - 0.02, ccc_high=v + 0.04
            )
            for (px, qp), v in ccc.items()
        ],
    )


BASE = _cell("base", dict(zip(CODINGS, (0.8, 0.5, 0.7), strict=True)))
NO_CODEC = _cell("no-codec", dict(zip(CODINGS, (0.82, 0.5, 0.6), strict=True)))
DEDICATED = _cell("dedicated-8", {(8, None): 0.45})


def test_the_tables() -> None:
    lines = ablation_report.markdown([BASE, DEDICATED, NO_CODEC]).splitlines()
    assert "trained on 40 faces" in lines[0]
    assert "13 calibrate and 12 are scored" in lines[0]
    assert "0.030 to each side" in lines[0]
    scores = lines.index("CCC:")
    assert lines[scores + 2 : scores + 7] == [
        "| variant | 48 px | 8 px | 48 px QP 36 |",
        "|---|---|---|---|",
        "| base | 0.800 | 0.500 | 0.700 |",
        "| dedicated-8 |  | 0.450 |  |",
        "| no-codec | 0.820 | 0.500 | 0.600 |",
    ]
    differences = lines.index("CCC, difference to base:")
    assert lines[differences + 2 : differences + 6] == [
        "| variant | 48 px | 8 px | 48 px QP 36 | mean |",
        "|---|---|---|---|---|",
        "| dedicated-8 |  | -0.050 |  | -0.050 |",
        "| no-codec | +0.020 | +0.000 | -0.100 | -0.027 |",
    ]
    assert "| base | 0.900 | 0.600 | 0.800 |" in lines[lines.index("CC:") :]
    assert lines[-1] == "- no-codec: what no-codec is"


def test_without_a_base_nothing_is_compared() -> None:
    text = ablation_report.markdown([DEDICATED, NO_CODEC])
    assert "difference" not in text.partition("\n")[2]
    assert "| dedicated-8 | 0.450 |" in text


def test_the_base_alone() -> None:
    assert "difference to" not in ablation_report.markdown([BASE])


def test_no_cell() -> None:
    with pytest.raises(ValueError, match="no cell"):
        ablation_report.markdown([])
