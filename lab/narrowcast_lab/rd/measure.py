"""Every rung over lines of every rate, sent as the encoder sends it.

The control law is given a table of one rung: it paces frames, shares headers and meets cuts as it
does live, and only the choice of the rung is taken from it. So whatever a line does to a rung
(queues, headers, acknowledgements, keyframes after a cut) is in the figures, and the best rung of a
line is simply the one that kept most there. Clips are joined, in an order of their own in each
round, for a cut costs what the faces on both sides of it make it cost.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from narrowcast_encoder.rate.adaptive import AdaptiveController, Aims
from narrowcast_encoder.rate.table import Row, Source, Table
from narrowcast_encoder.session.settings import StreamSettings, report_interval_ms
from narrowcast_lab.link_bench.footage import Chip, Clip, Footage, join
from narrowcast_lab.link_bench.hold import hold, split
from narrowcast_lab.link_bench.play import play
from narrowcast_lab.link_bench.valence import Reference, reference
from narrowcast_models.recogniser import Recogniser
from narrowcast_shared.codec import ChipDecoder, ChipEncoder
from narrowcast_shared.errors import DataError
from narrowcast_shared.link import LinkSettings, parse_schedule
from narrowcast_shared.operating_point import CHIP_PX, Rung
from narrowcast_shared.resample import resample

WHITE = 255.0
MIN_CHIPS = 2
"""A stream begins with a keyframe: only what follows it has a rate."""


class Grid(NamedTuple):
    """What is measured: every side with every quantiser, on lines of every rate, bit/s."""

    sizes_px: tuple[int, ...]
    qps: tuple[int, ...]
    rates_bps: tuple[int, ...]

    @property
    def rungs(self) -> list[Rung]:
        return [Rung(px, qp) for px in self.sizes_px for qp in self.qps]


class Moments(NamedTuple):
    """Of pairs (held, uncoded) of one clip: how many faces, means, and mean products. Those of
    several clips add up, so that any of them can be left out afterwards.
    """

    faces: int
    held: float
    uncoded: float
    held_held: float
    uncoded_uncoded: float
    held_uncoded: float

    @classmethod
    def of(cls, held: NDArray[np.float64], uncoded: NDArray[np.float64]) -> "Moments":
        means = [float(v.mean()) for v in (held, uncoded, held**2, uncoded**2, held * uncoded)]
        return cls(len(held), *means)


class Kept(NamedTuple):
    """One rung on one line.

    film: by clip, over all rounds. reels: share of the uncoded CCC and CCC with the uncoded
    readings, their mean; None without reels. psnr_db: of the picture held against the chip, 96 px,
    of film where there is some.
    """

    film: dict[str, Moments]
    reels: float | None
    psnr_db: float


class Measured(NamedTuple):
    """Rows with their figures by rate, in the grid's order."""

    rates_bps: tuple[int, ...]
    rows: list[tuple[Row, list[Kept]]]


class _Round(NamedTuple):
    footage: Footage
    names: list[str]
    reference: Reference


def measure(
    recogniser: Recogniser,
    film: Sequence[Clip],
    reels: Sequence[Clip],
    grid: Grid,
    rounds: int,
    seed: int,
) -> Measured:
    """Play everything, with progress. Film: each round joins the clips in another order.

    Raises DataError where a clip shows fewer than two faces.
    """
    for clip in (*film, *reels):
        if sum(chip is not None for chip in clip.chips) < MIN_CHIPS:
            raise DataError(f"{clip.name} shows a face in fewer than {MIN_CHIPS} frames")
    rng = np.random.default_rng(seed)
    orders = [rng.permutation(len(film)) for _ in range(rounds)] if film else []
    of_film = [_round(recogniser, [film[index] for index in order]) for order in orders]
    of_reels = _round(recogniser, reels) if reels else None
    rows = []
    runs = len(grid.rungs) * len(grid.rates_bps)
    with tqdm(total=runs, unit="line", disable=None, leave=False) as progress:
        for rung in grid.rungs:
            progress.set_description(f"{rung.px} px, QP {rung.qp}")
            row = _cost(rung, film or reels)
            kept = []
            for bps in grid.rates_bps:
                kept.append(_kept(recogniser, row, bps, of_film, of_reels))
                progress.update()
            rows.append((row, kept))
    return Measured(grid.rates_bps, rows)


def fidelity(parts: Sequence[Moments]) -> float:
    """CCC over the frames of all parts (Lin 1989)."""
    counts = np.array([part.faces for part in parts], np.float64)
    held, uncoded, held_held, uncoded_uncoded, product = np.average(
        np.array([part[1:] for part in parts], np.float64), axis=0, weights=counts
    )
    spread = (held_held - held**2) + (uncoded_uncoded - uncoded**2) + (held - uncoded) ** 2
    return float(2 * (product - held * uncoded) / spread) if spread > 0 else 0.0


def _round(recogniser: Recogniser, clips: Sequence[Clip]) -> _Round:
    footage = join(clips)
    return _Round(footage, [clip.name for clip in clips], reference(recogniser, footage))


def _cost(rung: Rung, clips: Sequence[Clip]) -> Row:
    """Mean bytes of the rung's frames, every frame coded, each clip from its own keyframe on."""
    p_frames, keyframes = [], []
    for clip in clips:
        encoder = ChipEncoder(rung)
        sizes = [encoder.encode(_small(chip, rung.px)).size_bytes for chip in _faces(clip)]
        keyframes.append(sizes[0])
        p_frames += sizes[1:]
    return Row(rung, round(float(np.mean(p_frames)), 2), round(float(np.mean(keyframes)), 1), (1,))


def _kept(
    recogniser: Recogniser,
    row: Row,
    bps: int,
    of_film: Sequence[_Round],
    of_reels: _Round | None,
) -> Kept:
    settings = StreamSettings(link=LinkSettings(parse_schedule(str(bps))))
    table = Table((float(bps),), (row,), Source("", "", "", "", {}))

    def controller() -> AdaptiveController:  # whatever the line, for a rung that asks for too much
        return AdaptiveController(table, Aims(), 1000 * report_interval_ms(settings))

    def run(played: _Round) -> tuple[list[int], NDArray[np.float64]]:
        """Numbers of the frames that were read live, and the series that is held [T]."""
        path = play(recogniser, settings, played.footage, controller=controller)
        live = split(path.samples).live
        seqs = [sample.seq for sample in live]
        values = np.array([sample.valence for sample in live], np.float64)
        return seqs, hold(seqs, values, len(played.footage.chips))

    parts: dict[str, list[Moments]] = {}
    psnr_db, reels = 0.0, None
    for number, played in enumerate(of_film):
        seqs, held = run(played)
        for name, part in _by_clip(played, held):
            parts.setdefault(name, []).append(part)
        if number == 0:
            psnr_db = _psnr_db(row.rung, played.footage, seqs)
    if of_reels is not None:
        seqs, held = run(of_reels)
        figures = of_reels.reference.compare(held)
        reels = (figures.ccc_kept + figures.fidelity) / 2
        if not of_film:
            psnr_db = _psnr_db(row.rung, of_reels.footage, seqs)
    return Kept({name: _sum(some) for name, some in parts.items()}, reels, psnr_db)


def _by_clip(played: _Round, held: NDArray[np.float64]) -> list[tuple[str, Moments]]:
    has_face = played.reference.has_face
    uncoded = np.zeros(len(held))
    uncoded[has_face] = played.reference.uncoded
    out = []
    ends = [*played.footage.starts[1:], len(held)]
    for name, start, end in zip(played.names, played.footage.starts, ends, strict=True):
        faces = has_face[start:end]
        out.append((name, Moments.of(held[start:end][faces], uncoded[start:end][faces])))
    return out


def _sum(parts: Sequence[Moments]) -> Moments:
    counts = np.array([part.faces for part in parts], np.float64)
    values = np.average(np.array([part[1:] for part in parts]), axis=0, weights=counts)
    return Moments(int(counts.sum()), *(round(float(value), 5) for value in values))


def _psnr_db(rung: Rung, footage: Footage, seqs: Sequence[int]) -> float:
    """Of the newest picture held at each frame with a face, from the first one on."""
    encoder, decoder = ChipEncoder(rung), ChipDecoder(rung.px)
    coded, error, count = set(seqs), 0.0, 0
    picture: NDArray[np.float64] | None = None
    for seq, chip in enumerate(footage.chips):
        if chip is None:
            continue
        if seq in coded:
            decoded = decoder.decode(encoder.encode(_small(chip, rung.px)).nals)
            picture = _small(decoded, CHIP_PX).astype(np.float64)
        if picture is not None:
            error += float(np.square(picture - chip).sum())
            count += chip.size
    if not count:
        return 0.0
    # JSON knows no infinity: the same picture has 100 dB.
    return min(100.0, 10 * float(np.log10(WHITE**2 / max(error / count, 1e-9))))


def _faces(clip: Clip) -> list[Chip]:
    return [_small(chip, CHIP_PX) for chip in clip.chips if chip is not None]


def _small(chip: Chip, px: int) -> Chip:
    return chip if chip.shape[0] == px else resample(chip, px)
