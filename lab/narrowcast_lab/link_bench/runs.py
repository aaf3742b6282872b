"""Plays the footage over every line by every controller, and gathers the figures."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from tqdm import tqdm

from narrowcast_encoder.rate.table import Table
from narrowcast_encoder.session.settings import StreamSettings, make_stream
from narrowcast_lab.link_bench import jpeg
from narrowcast_lab.link_bench.contenders import (
    ADAPTIVE,
    Baselines,
    Contender,
    apart,
    contenders,
)
from narrowcast_lab.link_bench.figures import Figures, Setting, measure
from narrowcast_lab.link_bench.footage import Footage
from narrowcast_lab.link_bench.jpeg import JpegPoint, JpegRatio
from narrowcast_lab.link_bench.lines import Line
from narrowcast_lab.link_bench.motion import moving_seconds
from narrowcast_lab.link_bench.pinned import FIXED, cost
from narrowcast_lab.link_bench.play import play, play_apart
from narrowcast_lab.link_bench.spread import Ahead, ahead
from narrowcast_lab.link_bench.valence import Reference, reference
from narrowcast_models.recogniser import Recogniser


class Run(NamedTuple):
    """One line: the figures of every controller by name, ours first."""

    line: Line
    controllers: dict[str, Figures]

    @property
    def ours(self) -> Figures:
        return self.controllers[ADAPTIVE]

    @property
    def best_fixed(self) -> str | None:
        """The pinned operating point that keeps most; None where none was tried."""
        fixed = [name for name in self.controllers if name.startswith(FIXED)]
        return max(fixed, key=lambda name: self.controllers[name].valence.ccc, default=None)


class Bench(NamedTuple):
    """All runs over the same footage, and JPEG's operating curve, empty without baselines."""

    footage: Footage
    reference: Reference
    runs: list[Run]
    jpeg: list[JpegPoint]

    def ahead(self, run: Run, name: str) -> Ahead:
        """By how much our CCC in this run is above another controller's."""
        has_face, truth = self.reference.has_face, self.reference.truth
        series = (run.ours, run.controllers[name])
        ours, other = (found.course.held[has_face] for found in series)
        return ahead(ours, other, truth)

    def jpeg_ratio(self, run: Run) -> JpegRatio:
        """How many times our rate in this run JPEG needs for as much CCC."""
        return jpeg.ratio(self.jpeg, run.ours.valence.ccc_kept, run.ours.wire.wire_bps_mean)


def bench(
    recogniser: Recogniser,
    footage: Footage,
    lines: Sequence[Line],
    baselines: Baselines,
    asked: StreamSettings,
    psnr_table: Table,
    tables: Sequence[Table] = (),
) -> Bench:
    """Every run in turn, with progress; each is what is `asked` over its own line.

    psnr_table: what the PSNR baseline chooses from. tables: one a clip of the footage, each of
    which is then played by a stream of its own with that; empty for one stream. The footage shows
    a face at least. Raises SettingsError where the operating table cannot be read, or a line
    carries less than any operating point needs.
    """
    costed = [] if baselines is Baselines.NONE else cost(recogniser, footage)
    planned = [
        (line, contenders(asked._replace(link=line.link), baselines, costed, psnr_table))
        for line in lines
    ]
    if tables:
        planned = [(line, [apart(one, tables) for one in some]) for line, some in planned]
    for contender in (one for _, some in planned for one in some):
        for settings in contender.by_clip or [contender.settings]:
            make_stream(settings, 0)  # what cannot be is refused before the work
    truth = reference(recogniser, footage)
    moving = moving_seconds(footage)
    points = [] if baselines is Baselines.NONE else jpeg.curve(recogniser, footage, truth)
    frames = len(footage.chips) * sum(len(some) for _, some in planned)
    runs = []
    with tqdm(total=frames, unit="frame", disable=None, leave=False) as progress:
        for line, some in planned:
            setting = Setting(footage, truth, moving, line.link)
            found = {}
            for contender in some:
                progress.set_description(f"{line}: {contender.name}")
                found[contender.name] = _play(recogniser, contender, setting, progress.update)
            runs.append(Run(line, found))
    return Bench(footage, truth, runs, points)


def _play(
    recogniser: Recogniser, contender: Contender, setting: Setting, tick: Callable[[], object]
) -> Figures:
    if contender.by_clip:
        played = play_apart(
            recogniser, contender.by_clip, setting.footage, tick, contender.controller
        )
    else:
        played = play(recogniser, contender.settings, setting.footage, tick, contender.controller)
    return measure(played, setting)
