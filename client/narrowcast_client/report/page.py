"""The report as one HTML page, which loads nothing and runs only its own scripts.

Names and event markers are untrusted input: Jinja2 escapes them, and the page's content security
policy allows only the scripts and the style sheet with the given checksums.
"""

import base64
import hashlib
import importlib.util
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from narrowcast_client.report import events, section, text, timeline, valence
from narrowcast_client.report.panels import ROLES, STATES
from narrowcast_client.report.section import Section
from narrowcast_client.report.timeline import SpanState
from narrowcast_shared import __version__, charts
from narrowcast_shared.errors import SettingsError, install_hint
from narrowcast_shared.samples import Status

if TYPE_CHECKING:
    from jinja2 import Environment

_TEMPLATES = Path(__file__).with_name("template")

_STATUS_ROWS = (
    (Status.OK, SpanState.READ, "estimate"),
    (Status.NO_FACE, SpanState.NO_FACE, "no face"),
    (Status.SKIPPED, SpanState.SKIPPED, "not sent by the encoder"),
    (Status.LOST, SpanState.LOST, "lost to an outage"),
    (None, SpanState.UNRECORDED, "no frames"),
)

_DEFINITIONS = {
    "near_zero": valence.NEAR_ZERO,
    "sure_sigmas": valence.SURE_SIGMAS,
    "hold_s": f"{timeline.HOLD_S:g}",
    "late_ms": timeline.LATE_MS,
    "least_stretch_s": f"{events.LEAST_STRETCH_S:g}",
    "most_stretches": events.MOST_STRETCHES,
    "side_s": f"{events.SIDE_S:g}",
    "least_change": events.LEAST_CHANGE,
    "most_changes": events.MOST_CHANGES,
    "least_gap_s": f"{events.LEAST_GAP_S:g}",
    "least_read_s": f"{valence.LEAST_READ_S:g}",
    "most_marks": section.MOST_MARKS,
}


def check_installed() -> None:
    """Raises SettingsError where a library is missing; called before any input is read."""
    if importlib.util.find_spec("jinja2") is None or not charts.has_uplot():
        raise SettingsError(
            "a report requires Jinja2 and uPlot, which are not installed",
            install_hint("report"),
        )


def render(title: str, sections: Sequence[Section], written: datetime) -> str:
    """The page. written: now, with its zone.

    Raises SettingsError where a library is missing.
    """
    check_installed()
    environment = _environment()
    style = charts.uplot_style() + environment.get_template("report.css.j2").render(
        roles=ROLES, states=STATES
    )
    own = (_TEMPLATES / "report.js").read_text(encoding="utf-8")
    scripts = [_closed(charts.uplot_script()), _closed(own)]
    return environment.get_template("report.html.j2").render(
        _DEFINITIONS,
        title=title,
        sections=sections,
        policy=_policy(style, scripts),
        style=environment.filters["safe"](style),
        scripts=[environment.filters["safe"](script) for script in scripts],
        written=text.date(written.timestamp(), _zone(written)),
        zones=", ".join(_zones(sections)),
        version=__version__,
        any_clock=any(one.series.has_clock_time for one in sections),
        models=sorted({str(one.source.model) for one in sections if one.source.model.name}),
        states=_STATUS_ROWS,
        words_of={state: said for _, state, said in _STATUS_ROWS},
        legend_of=_legend,
    )


def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 - an extra

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "signed": text.signed,
        "plain": text.plain,
        "percent": text.percent,
        "rate": text.rate,
        "ms": text.milliseconds,
        "exact_ms": text.exact_milliseconds,
        "seconds": text.seconds,
        "count": text.count,
        "since": text.since,
        "of_day": text.of_day,
        "date": text.date,
    }
    return environment


def _zone(written: datetime) -> Any:  # noqa: ANN401
    if written.tzinfo is None:
        raise ValueError("the time of writing needs a zone")
    return written.tzinfo


def _zones(sections: Sequence[Section]) -> list[str]:
    """The time zones of the series with times of day: several where some are in summer time."""
    timed = [one for one in sections if one.series.has_clock_time]
    return sorted({text.zone_name(one.series.start_t, one.zone) for one in timed})


def _policy(style: str, scripts: Sequence[str]) -> str:
    """The content security policy: nothing is loaded, only these scripts and this style apply."""
    allowed = " ".join(map(_checksum, scripts))
    return f"default-src 'none'; script-src {allowed}; style-src {_checksum(style)}"


def _checksum(content: str) -> str:
    digest = hashlib.sha256(content.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _closed(script: str) -> str:
    """The script, with its strings escaped so that none can end the script element."""
    return script.replace("</", "<\\/").strip()


def _legend(one: Section) -> list[tuple[str, str]]:
    """Class and text of the states that the strip shows."""
    shown = sorted(set(one.payload["strip"]["states"]))
    return [(STATES[state].name, STATES[state].words) for state in shown]
