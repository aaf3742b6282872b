"""The table of figures: intervals, what is missing, and figures from before there were any."""

import io
from collections.abc import Sequence

from rich.console import Console

from narrowcast_models.evaluation.sizes import Figures
from narrowcast_models.evaluation.table import table

OLD = Figures(24, None, 0.5, 0.6, 0.3, 0.912, 0.25, 10)


def _shown(rows: Sequence[Figures], width: int = 100) -> dict[str, str]:
    """The table's rows by their first cell, cells parted by one space."""
    console = Console(file=io.StringIO(), width=width)
    console.print(table(rows, "oa on 10 faces of [x]"))
    text: str = console.file.getvalue()  # type: ignore[attr-defined]
    lines = [" ".join(line.replace("│", " ").split()) for line in text.splitlines()]
    return {line.partition(" ")[0]: line for line in lines} | {"all": " ".join(lines)}


def test_figures_of_an_old_card() -> None:
    shown = _shown([OLD, Figures(8, 36, -0.1, 0.1, 0.4, 0.8, 0.5, 10)])
    assert shown["24"] == "24 - .500 .600 .300 91.2% .250"
    assert shown["8"] == "8 36 -.100 .100 .400 80.0% .500"
    assert "oa on 10 faces of [x]" in shown["all"]
    assert "interval" not in shown["all"]
    assert "AUC" not in shown["all"]


def test_an_interval_stands_behind_its_score() -> None:
    row = OLD._replace(
        ccc_low=-0.0104, ccc_high=1.0, cc_low=0.55, cc_high=0.65, rmse_low=0.2, rmse_high=1.25
    )
    shown = _shown([row])
    expected = "24 - .500 [-.010 1.000] .600 [.550 .650] .300 [.200 1.250] 91.2% .250"
    assert shown["24"] == expected
    assert "in brackets the 95 % interval over faces" in shown["all"]


def test_without_sigma_and_with_an_area() -> None:
    row = OLD._replace(coverage_90=None, mean_sigma=None, auc=0.97)
    shown = _shown([row, OLD._replace(px=12)])
    assert shown["24"] == "24 - .500 .600 .300 - - .970"
    assert shown["12"] == "12 - .500 .600 .300 91.2% .250 -"
    assert "AUC: happiness against neutral" in shown["all"]


def test_no_minus_nothing() -> None:
    assert _shown([OLD._replace(ccc=-0.0004, cc=-0.9996, rmse=10.2)])["24"].startswith(
        "24 - .000 -1.000 10.200 "
    )


def test_a_row_keeps_to_one_line_of_a_usual_terminal() -> None:
    names = ("ccc_low", "ccc_high", "cc_low", "cc_high", "rmse_low", "rmse_high")
    row = OLD._replace(px=96, qp=30, auc=0.9, **dict.fromkeys(names, 0.5))
    assert _shown([row], width=80)["96"].endswith("91.2% .250 .900")
