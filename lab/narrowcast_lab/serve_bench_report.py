"""The figures of `narrowcast bench serve` as tables for people."""

from collections.abc import Mapping

from rich.table import Table

from narrowcast_lab.serve_bench import Figures


def run_table(figures: Figures) -> Table:
    """One run."""
    table = Table(title=_title(figures), title_justify="left", show_header=False)
    table.add_column()
    table.add_column(justify="right")
    quantiles = (figures.latency_ms_p50, figures.latency_ms_p95, figures.latency_ms_p99)
    for name, value in (
        ("the decoder: CPU a frame, ms", f"{figures.cpu_ms_per_frame:.3f}"),
        ("the decoder: cores in use", f"{figures.cores:.2f}"),
        ("ingest to sample, p50 / p95 / p99, ms", " / ".join(map(_told, quantiles))),
        ("samples lost / missed by subscribers", _pair(figures)),
        ("memory of a session, kB", _told(figures.memory_kb_per_session)),
        ("frames a batch", _told(figures.frames_per_batch)),
        ("the load itself: CPU a frame, ms", _told(figures.load_cpu_ms_per_frame)),
        ("the load itself: behind its time, p99, ms", _told(figures.load_late_ms_p99)),
    ):
        table.add_row(name, value)
    return table


def figure_table(title: str, figures: Mapping[str, object]) -> Table:
    """Figures by name, one in a line; lists of them are for the JSON."""
    table = Table(title=title, title_justify="left", show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for name, value in figures.items():
        if not isinstance(value, list):
            shown = f"{value:g}" if isinstance(value, float) else str(value)
            table.add_row(name.replace("_", " "), shown)
    return table


def line(figures: Figures) -> str:
    """One run of a search in a line."""
    return (
        f"{figures.streams} streams: p99 {_told(figures.latency_ms_p99)} ms, "
        f"{figures.samples_lost} lost, {figures.cpu_ms_per_frame:.3f} ms a frame, "
        f"{figures.cores:.2f} cores"
    )


def _title(figures: Figures) -> str:
    return (
        f"{figures.streams} streams of {figures.px} px, QP {figures.qp}, {figures.fps:g} fps, "
        f"{figures.subscribers} subscribers, {figures.seconds:g} s, model {figures.model}"
    )


def _pair(figures: Figures) -> str:
    return f"{figures.samples_lost} / {figures.samples_missed}"


def _told(value: float | None) -> str:
    return "-" if value is None else f"{value:g}"
