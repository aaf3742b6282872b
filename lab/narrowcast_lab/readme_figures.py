"""The two figures of README.md, drawn out of figures that were measured before and committed."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from narrowcast_models.evaluation.line_chart import Axis, Line, line_chart
from narrowcast_shared.errors import SettingsError

FULL_FPS = 25.0

Reading = dict[str, Any]
"""What a JSON file holds."""


def recognition(benchmarks: Path) -> str:
    """CCC by size, uncoded, of ours and of its peers on the same faces, intervals as bands. SVG.

    Ours is drawn once, in float32. Raises SettingsError where a file of `benchmarks` is missing.
    """
    bench = _read(benchmarks / "peers.json")
    ours, *others = bench["readers"]
    peers = [reader for reader in others if not reader["is_ours"]]
    lines = [
        _by_size(f"narrowcast ({bench['model']})", ours["figures"]),
        *(_by_size(f"{peer['name']} {peer['version']}", peer["figures"]) for peer in peers),
    ]
    ticks = tuple(point[0] for point in lines[0].points)
    axis = Axis("side of the face, px", logarithmic=True, ticks=ticks)
    title = f"Valence of the same {bench['count']:,} faces of LFW, by size"
    return line_chart(title, lines, axis, Axis("CCC with the labels"))


def rate(benchmarks: Path) -> str:
    """What is left over the rate of the line, on film and reels: ours, stepping and JPEG. SVG.

    Raises SettingsError as `recognition` does.
    """
    bench = _read(benchmarks / "link" / "caps.json")["footages"]
    film, jpeg = bench["film"]["runs"], bench["film"]["jpeg"]
    lines = [
        _by_cap("narrowcast, mean over 1 s", film, "adaptive", "fidelity_1s"),
        _by_cap("narrowcast, every frame", film, "adaptive", "fidelity"),
        _by_cap("plain stepping of rungs", film, "stepping", "fidelity"),
        _best("JPEG, 25 a second", (p for p in jpeg if p["fps"] == FULL_FPS)),
        _best("JPEG, down to 2 a second", jpeg),
        _by_cap("narrowcast, labelled reels", bench["reels"]["runs"], "adaptive", "ccc_kept"),
    ]
    axis = Axis("wire rate, kbit/s, all headers counted", logarithmic=True)
    title = "Valence kept over thin lines, on film"
    return line_chart(title, lines, axis, Axis("CCC with the uncoded readings"))


FIGURES: dict[str, Callable[[Path], str]] = {"recognition": recognition, "rate": rate}
"""By the name of the file."""


def _read(path: Path) -> Reading:
    try:
        found: Reading = json.loads(path.read_text())
    except OSError as error:
        raise SettingsError(
            f"{path} cannot be read ({error.strerror})",
            "run this where the repository is, or name its folder with --benchmarks",
        ) from None
    return found


def _by_size(name: str, rows: Iterable[Reading]) -> Line:
    uncoded = sorted((row for row in rows if row["qp"] is None), key=lambda row: row["px"])
    points = tuple((float(row["px"]), row["ccc"]) for row in uncoded)
    return Line(name, points, tuple((row["ccc_low"], row["ccc_high"]) for row in uncoded))


def _by_cap(name: str, runs: Iterable[Reading], controller: str, figure: str) -> Line:
    kept = ((run["cap_bps"] / 1000, run["controllers"][controller][figure]) for run in runs)
    return Line(name, tuple(sorted(kept)))


def _best(name: str, points: Iterable[Reading]) -> Line:
    """The most that is kept at each rate or under it, where that is more than at a lower one."""
    frontier: list[tuple[float, float]] = []
    for point in sorted(points, key=lambda point: point["wire_bps"]):
        if not frontier or point["ccc_kept"] > frontier[-1][1]:
            frontier.append((point["wire_bps"] / 1000, point["ccc_kept"]))
    return Line(name, tuple(frontier))
