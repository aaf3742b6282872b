"""The page: self-contained, escaped, and with its own scripts alone allowed to run."""

import base64
import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser

import numpy as np
import pytest

from narrowcast_client.report import page
from narrowcast_client.report.card import find_card
from narrowcast_client.report.section import describe
from narrowcast_client.report.series import Series, Source
from narrowcast_shared import __version__
from narrowcast_shared.errors import DataError
from narrowcast_shared.marks import Mark
from narrowcast_shared.model_name import ModelName

from .made import UNIX_T, Frame, series, steady

pytest.importorskip("jinja2")

EVIL = "<script>alert(1)</script>"
WRITTEN = datetime(2026, 1, 31, 14, tzinfo=UTC)


class Outline(HTMLParser):
    """Elements with their attributes, scripts and styles by their text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._inside = tag

    def handle_data(self, data: str) -> None:
        if self._inside in {"script", "style"}:
            self.texts.append((self._inside, data))

    def handle_endtag(self, tag: str) -> None:
        if tag == self._inside:
            self._inside = ""


def source(
    frames: Sequence[Frame] | None = None, start_t: float = UNIX_T, **told: object
) -> Source:
    made = series(steady(20, 0.4) if frames is None else frames, start_t)
    return replace(Source("anna", "a.csv", made), **told)  # type: ignore[arg-type]


def test_a_clock_that_was_set_meanwhile_is_told_and_costs_no_memory() -> None:
    since_1970 = [*steady(5, 0.1), *steady(5, 0.2, start_s=UNIX_T)]
    with pytest.raises(DataError, match=r"anna has 20,454 days .* --from and --to"):
        describe(source(since_1970, start_t=0.0), UTC)


def render(*sources: Source) -> str:
    return page.render("A title", [describe(one, UTC) for one in sources], WRITTEN)


def test_nothing_is_loaded_from_anywhere() -> None:
    outline = Outline(render(source()))
    for tag, attributes in outline.elements:
        assert tag not in {"link", "img", "iframe", "object", "embed", "base"}
        assert "src" not in attributes
        assert "style" not in attributes
        assert (attributes.get("href") or "#").startswith("#")
        assert not any(name.startswith("on") for name in attributes)
    styles = [text for kind, text in outline.texts if kind == "style"]
    assert not any("url(" in text or "@import" in text for text in styles)


def test_the_policy_names_the_checksum_of_every_script_and_style() -> None:
    outline = Outline(render(source()))
    (policy,) = [
        one["content"] for tag, one in outline.elements if tag == "meta" and "http-equiv" in one
    ]
    assert policy is not None
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    run = [text for kind, text in outline.texts if not (kind == "script" and text.startswith("{"))]
    assert len(run) == 3  # a style, uPlot, our own script
    for text in run:
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy


def test_names_marks_and_files_from_strangers_are_text() -> None:
    evil = source(
        name=EVIL,
        origin=EVIL,
        model=ModelName(name=EVIL, sha256=EVIL),
        rest=EVIL,
        marks=(Mark(id=1, t=UNIX_T + 1, text=EVIL + "'\"&"),),
    )
    text = page.render(EVIL, [describe(evil, UTC), describe(evil, UTC)], WRITTEN)
    assert EVIL not in text
    assert EVIL.replace("<", "&lt;").replace(">", "&gt;") in text
    outline = Outline(text)
    assert len([tag for tag, _ in outline.elements if tag == "script"]) == 4  # data of both, ours
    data = [text for kind, text in outline.texts if text.startswith("{")]
    assert json.loads(data[0])["marks"] == [{"at": 1.0, "text": EVIL + "'\"&"}]


def test_several_series_are_compared() -> None:
    text = render(source(), source(steady(20, -0.4), name="ben"))
    assert text.count('class="series"') == 2
    row = re.search(r'<a href="#series-2">ben</a></td>(.*?)</tr>', text, re.DOTALL)
    assert row is not None
    assert "\N{MINUS SIGN}0.40" in row[1]
    assert "Comparison" not in render(source())


def test_what_a_series_says_stands_in_the_page() -> None:
    frames = [*steady(10, 0.4), Frame(10, "."), Frame(13, 0.4)]
    mine = ModelName(name="mine", sha256="ab" * 32)
    text = render(source(frames, model=mine, clock_offset_ms=-12.0, clock_error_ms=3.0))
    for said in (
        "A title",
        "not given: less than 60 s of estimates",
        "was 12.0\N{NO-BREAK SPACE}ms behind",
        "known to ± 3.0\N{NO-BREAK SPACE}ms",
        "add 12.0\N{NO-BREAK SPACE}ms to its times",
        f"mine, SHA-256 of the weights <code>{'ab' * 32}</code>, which is not a model shipped",
        "model mine (abababab)",  # to cite
        "2026-01-01 00:00:00 (UTC+00:00)",
        "00:00:10.0",  # where the gap begins, in both readings of time
        "0:10.0",
        "8.0\N{NO-BREAK SPACE}kbit/s",
    ):
        assert said in text, said


def test_weights_that_come_along_are_known_by_their_checksum() -> None:
    pytest.importorskip("narrowcast_models")
    oa = find_card(ModelName(name="oa")).card
    assert oa is not None
    text = render(source(model=ModelName(name="renamed", sha256=oa.sha256)))
    assert f"<code>{oa.sha256}</code>" in text
    assert "found by the checksum of this series' weights, which are named renamed there." in text
    assert "and the figures of the card of model oa for them" in text
    by_name = render(source(model=ModelName(name="oa")))
    assert "by the model's name alone: the checksum of this series' weights is" in by_name


def test_other_weights_under_a_shipped_name_are_told_and_get_no_figures() -> None:
    pytest.importorskip("narrowcast_models")
    oa = find_card(ModelName(name="oa")).card
    assert oa is not None
    text = render(source(model=ModelName(name="oa", sha256="ab" * 32)))
    assert f"oa, but not the oa shipped with narrowcast {__version__}</strong>" in text
    assert f"<code>{'ab' * 32}</code>, and of the shipped model" in text
    assert oa.sha256 in text
    assert "of the card of model" not in text


def test_without_clock_time_there_is_nothing_to_switch() -> None:
    text = render(source(start_t=0.0))
    assert 'id="axis-clock"' not in text
    assert "positions in the scored recording" in text


def test_a_series_that_was_never_read() -> None:
    text = render(source([Frame(0, ".", wire_bps=None), Frame(3, "x", wire_bps=None)]))
    assert "This series has no estimates." in text
    assert not re.search(r"\bnan\b", text[: text.index("<script")], re.IGNORECASE)


def test_above_rest() -> None:
    frames = steady(20, 0.4)
    made = series(frames, UNIX_T)
    above = replace(made, valence_above_rest=made.valence + 0.3, sigma_above_rest=made.sigma)
    text = render(replace(source(), series=above, rest="rest -0.30 ±0.05"))
    assert "minus this person's rest: rest \N{MINUS SIGN}0.30 ±0.05" in text
    assert "+0.70" in text


def test_marks_of_another_time_are_counted() -> None:
    marks = [Mark(id=n, t=UNIX_T + at, text=f"at {at}") for n, at in enumerate((-1, 3, 99), 1)]
    text = render(source(marks=tuple(marks)))
    assert "at 3" in text
    assert "at 99" not in text
    assert "2 more are before the first of these frames, or after the last." in text
    assert "more are before" not in render(source(marks=tuple(marks[1:2])))
    assert "<h3>Event markers</h3>" not in render(source())


def test_nothing_stands_above_rest() -> None:
    """Its one reading is over when it begins: another frame has the same time."""
    made = series([Frame(0, "."), Frame(1, 0.4), Frame(1, ".")])
    above = replace(made, valence_above_rest=made.valence + 0.3, sigma_above_rest=made.sigma)
    assert describe(replace(source(), series=above), UTC).above_rest is None


def test_two_hours_at_25_frames_a_second_are_a_page_of_a_megabyte() -> None:
    frames = 2 * 3600 * 25
    wave = np.sin(np.arange(frames) / 500)
    flat = {name: np.full(frames, 8000.0) for name in ("wire_bps", "cap_bps", "latency_ms")}
    nothing = np.full(frames, np.nan)
    made = Series(
        UNIX_T,
        np.arange(frames) / 25,
        np.zeros(frames, dtype=np.int8),
        valence=wave,
        sigma=np.full(frames, 0.1),
        px=np.full(frames, 48.0),
        qp=np.full(frames, 30.0),
        valence_above_rest=nothing,
        sigma_above_rest=nothing,
        **flat,
    )
    text = render(replace(source(), series=made))
    assert len(text) < 1_000_000
    assert "a point is" in text


def test_a_missing_library_is_said_before_anything_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page.charts, "has_uplot", lambda: False)
    with pytest.raises(page.SettingsError, match=r"'\.\[report\]'"):
        page.check_installed()
