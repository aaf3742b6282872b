"""The figures as tables in Markdown, a column a size."""

from collections.abc import Sequence

from narrowcast_lab.baseline_bench import clips, photographs
from narrowcast_models.evaluation import markdown


def of_photographs(rows: Sequence[photographs.Row]) -> str:
    """Lines of a pipe table."""
    lines = [
        ["spread of neutral photographs", *(f"{row.spread:.3f}" for row in rows)],
        ["share of its variance between people", *(f"{row.person_share:.0%}" for row in rows)],
        ["spread above rest, of all others", *(f"{row.spread_above:.3f}" for row in rows)],
        ["times as much", *(_ratio(row) for row in rows)],
        ["spread above rest, of three", *(f"{row.spread_above_3:.3f}" for row in rows)],
        ["spread above rest at 48 px", *(f"{row.spread_above_48:.3f}" for row in rows)],
        ["mean above rest at 48 px", *(f"{row.mean_above_48:+.3f}" for row in rows)],
        ["AUC, happy against neutral", *(f"{row.auc:.3f}" for row in rows)],
        ["the same above rest", *(f"{row.auc_above:.3f}" for row in rows)],
    ]
    return markdown.table(["px", *(str(row.px) for row in rows)], lines)


def of_clips(rows: Sequence[clips.Row]) -> str:
    """Lines of a pipe table."""
    lines = [
        ["spread between clips", *(f"{row.spread:.3f}" for row in rows)],
        ["the same above the first half", *(f"{row.spread_above:.3f}" for row in rows)],
        ["spread within a clip", *(f"{row.within:.3f}" for row in rows)],
    ]
    return markdown.table(["px", *(str(row.px) for row in rows)], lines)


def _ratio(row: photographs.Row) -> str:
    return f"{row.ratio:.2f} ({row.ratio_low:.2f} to {row.ratio_high:.2f})"
