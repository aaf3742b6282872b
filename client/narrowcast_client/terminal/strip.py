"""What became of the frames, as a strip on the plot's time axis: colours and shapes alike."""

from rich.text import Text

from narrowcast_shared.samples import Sample, Status

LABELS = {
    Status.OK: "ok",
    Status.NO_FACE: "no face",
    Status.SKIPPED: "skipped",
    Status.LOST: "lost",
}
STYLES = {
    Status.OK: "green",
    Status.NO_FACE: "yellow",
    Status.SKIPPED: "bright_black",
    Status.LOST: "red",
}
SHAPES = {Status.OK: "▄", Status.NO_FACE: "▒", Status.SKIPPED: "╌", Status.LOST: "x"}

_PRECEDENCE = (Status.LOST, Status.NO_FACE, Status.OK, Status.SKIPPED)


def columns(samples: list[Sample], window_s: float, width: int) -> list[Status | None]:
    """The status that each of `width` columns shows; None where there is no frame.

    A column holds several frames: a loss outweighs a missing face, that a value, and a value
    the frames that were skipped around it.
    """
    held: list[set[Status]] = [set() for _ in range(width)]
    for sample in samples:
        age = (samples[-1].t - sample.t) / window_s  # 0 now, 1 at the left end
        held[min(width - 1, max(0, round((1 - age) * (width - 1))))].add(sample.status)
    return [next((s for s in _PRECEDENCE if s in statuses), None) for statuses in held]


def draw_strip(samples: list[Sample], window_s: float, width: int) -> Text:
    """The strip, `width` columns wide."""
    strip = Text(no_wrap=True)
    for status in columns(samples, window_s, width):
        strip.append(SHAPES[status] if status else " ", STYLES[status] if status else "")
    return strip
