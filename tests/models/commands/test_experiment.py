"""`narrowcast experiment`: the table, its report, and rate-distortion from the command line."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from narrowcast_models.commands import experiment_paper
from narrowcast_models.commands.experiment import experiment
from narrowcast_models.paper.cells import Method
from narrowcast_shared.errors import DataError

TINY = (
    "--methods", "lr,joint-oa", "--factors", "3,6", "--mixture", "3,6", "--width", "0.03",
    "--canvas", "40", "--iterations", "1", "--sr-iterations", "1", "--sr-patch", "20",
    "--seed", "2", "--threads", "1", "--device", "cpu",
)  # fmt: skip


def _run(*arguments: object) -> Result:
    return CliRunner().invoke(experiment, [str(a) for a in arguments], catch_exceptions=False)


def test_from_faces_to_figures(
    ferplus_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """1. the table  2. again: kept  3. its report  4. rate-distortion of one of its cells."""
    assert ferplus_folder.is_dir()
    monkeypatch.setenv("COLUMNS", "200")
    runs = tmp_path / "runs"
    made = _run("paper-table", "--out", runs, *TINY)
    assert made.exit_code == 0, made.output
    assert "Joint-OA {3, 6}" in made.output
    names = sorted(path.name for path in runs.glob("*.json"))
    assert names == ["joint-oa-3-6.json", "lr-3.json", "lr-6.json"]
    before = {name: (runs / name).read_bytes() for name in names}
    assert _run("paper-table", "--out", runs, *TINY).exit_code == 0
    assert {name: (runs / name).read_bytes() for name in names} == before

    told = _run("paper-report", runs)
    assert told.exit_code == 0, told.output
    assert "from 3 cells" in told.output.replace("\n", " ")
    assert "| LR-s |" in (runs / "table.md").read_text()
    assert (runs / "table.svg").read_text().startswith("<svg")

    out = tmp_path / "rate"
    grid = ("--factors", "6", "--qp", "30,42", "--out", out)
    measured = _run("rate-distortion", "--model", runs / "lr-6.json", *grid)
    assert measured.exit_code == 0, measured.output
    report = json.loads((out / "paper-lr-6.json").read_text())
    assert [(p["factor"], p["qp"]) for p in report["points"]] == [(6, 30), (6, 42)]
    assert (out / "paper-lr-6-bpp.svg").is_file()
    assert (out / "paper-lr-6-wire.svg").is_file()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--factors", "5"), "'5' is no factor of 96 px"),
        (("--factors", "32"), "from 2 to 24"),
        (("--methods", "lr,magic"), "'magic' is none of hr, lr"),
        (("--canvas", "32"), "32"),
        (("--width", "0"), "0"),
    ],
)
def test_what_is_refused(options: tuple[str, ...], said: str) -> None:
    result = _run("paper-table", *options)
    assert result.exit_code == 2
    assert said in " ".join(result.output.split())


def test_no_runs_to_report(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no finished cell"):
        _run("paper-report", tmp_path / "nowhere")


def test_a_quantiser_that_is_none() -> None:
    result = _run("rate-distortion", "--qp", "30,99")
    assert result.exit_code == 2
    assert "'99' is no whole number" in result.output


def test_a_device_that_is_none(ferplus_folder: Path, tmp_path: Path) -> None:
    assert ferplus_folder.is_dir()
    runner = CliRunner()
    result = runner.invoke(experiment, ["paper-table", "--out", str(tmp_path), "--device", "moon"])
    assert "no device 'moon'" in str(result.exception)


def test_the_commands_methods_are_the_papers() -> None:
    assert tuple(Method) == experiment_paper.METHODS
