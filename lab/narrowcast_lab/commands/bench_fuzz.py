"""`narrowcast bench fuzz`: strangers' bytes into the parser, FFmpeg and the receiver."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from narrowcast_lab.fuzz.targets import TARGETS
from narrowcast_shared import options

if TYPE_CHECKING:
    from narrowcast_lab.fuzz.run import Found


@click.command()
@click.argument("targets", nargs=-1, metavar="[TARGET]...", type=click.Choice(list(TARGETS)))
@options.seconds_option(60, "How long to try each target.")
@click.option(
    "--failures",
    type=click.Path(path_type=Path, file_okay=False),
    default="fuzz-failures",
    show_default=True,
    metavar="FOLDER",
    help="Folder for the inputs that fail; made when there is one.",
)
@click.option(
    "--input",
    "file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Only try this input, one that failed before.",
)
@options.json_file_option()
def fuzz(
    targets: tuple[str, ...],
    seconds: float,
    failures: Path,
    file: Path | None,
    json_path: Path | None,
) -> None:
    r"""Fuzz what strangers' bytes reach.

    \b
    Examples:
      narrowcast bench fuzz --seconds 30
      narrowcast bench fuzz codec --seconds 300 --json fuzz.json
      narrowcast bench fuzz codec --input fuzz-failures/codec-crash-1f2e

    The wire format, the codec and the receiver, unless told otherwise. Guided by coverage; each
    target runs in a process of its own. An input that crashes it, hangs, takes too much memory or
    breaks a promise is kept in a file, and the command fails.
    """
    from narrowcast_lab.figures import show_rows
    from narrowcast_lab.fuzz import run
    from narrowcast_shared.errors import NarrowcastError

    if file is not None:
        _replay(targets, file)
        return
    run.check_installed()
    found = [_fuzz(name, seconds, failures) for name in targets or TARGETS]
    title = "fuzzing, each target in a process of its own"
    show_rows(title, {each.target: _row(each) for each in found}, json_path)
    for each in (each for each in found if each.exit_status):
        click.echo(f"{each.told}\n{each.target}: {' '.join(each.inputs_kept)}", err=True)
    if failures_told := [each.failure for each in found if each.failure]:
        raise NarrowcastError(", ".join(failures_told), "what was said, and inputs, are above")


def _fuzz(name: str, seconds: float, failures: Path) -> "Found":
    from tqdm import tqdm

    from narrowcast_lab.fuzz import run

    with tqdm(desc=name, unit="input", unit_scale=True, disable=None) as progress:
        return run.fuzz(
            name, seconds, failures, lambda inputs: progress.update(inputs - progress.n)
        )


def _row(found: "Found") -> dict[str, object]:
    kept = {"inputs_kept": len(found.inputs_kept)}
    told = {"target", "told"}
    return {key: value for key, value in found._asdict().items() if key not in told} | kept


def _replay(targets: tuple[str, ...], file: Path) -> None:
    """One input on one target, in a process of its own."""
    from narrowcast_lab.fuzz import run
    from narrowcast_shared.errors import NarrowcastError, SettingsError

    if not file.is_file():
        raise SettingsError(f"there is no file {file}", "--input takes one that failed before")
    if len(targets) != 1:
        raise SettingsError("--input is for one target", f"name it: {', '.join(TARGETS)}")
    status, said = run.replay(targets[0], file)
    click.echo(said, nl=False, err=True)
    if status:
        raise NarrowcastError(f"{targets[0]} fails on {file}", f"exit status {status}")
    click.echo(f"{targets[0]} stands {file}")
