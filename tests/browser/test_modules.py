"""The page's logic apart from the document: modules that a browser imports, and numbers."""

import random
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from selenium.webdriver import Chrome as Driver

STATUSES = ["ok", "no_face", "skipped", "lost"]


class Modules:
    """Runs a function's body, to which `modules` are given by name, in a page of the decoder."""

    def __init__(self, driver: "Driver", url: str) -> None:
        driver.get(url)
        self._driver = driver

    def run(self, name: str, body: str, *arguments: object) -> Any:  # noqa: ANN401
        script = f"""
        const [given, done] = [[...arguments].slice(0, -1), [...arguments].at(-1)];
        import("/page/{name}.js")
          .then((m) => done({{ result: (() => {{ {body} }})() }}))
          .catch((error) => done({{ error: String(error) }}));
        """
        told: Any = self._driver.execute_async_script(script, *arguments)
        assert "error" not in told, told
        return told["result"]


@pytest.fixture(scope="module")
def modules(shared_browser: "Driver", decoder: str) -> Modules:
    return Modules(shared_browser, decoder)


def sample(sample_id: int, t: float, status: str = "ok", **more: object) -> dict[str, object]:
    coded = {"valence": 0.1, "sigma": 0.2, "px": 32, "qp": 30} if status == "ok" else {}
    return {"id": sample_id, "seq": sample_id - 1, "t": t, "status": status, **coded, **more}


def test_batches_in_any_order_and_more_than_once_make_one_series(modules: Modules) -> None:
    chance = random.Random(3)
    samples = [sample(n, chance.uniform(0, 1000), chance.choice(STATUSES)) for n in range(1, 3001)]
    batches = [chance.sample(samples, 400) for _ in range(12)] + [samples]
    held = modules.run(
        "series",
        """const s = new m.Series();
        for (const batch of given[0]) s.merge(batch);
        const [ids, ts, st] = [s.id, s.t, s.status].map((c) => Array.from(c.subarray(0, s.length)));
        return [ids, ts, st.map((code) => m.STATUSES[code])];""",
        batches,
    )
    expected = sorted(samples, key=lambda s: (s["t"], s["seq"]))
    assert held == [[s[name] for s in expected] for name in ("id", "t", "status")]


def test_the_oldest_are_forgotten_and_can_be_loaded_again(modules: Modules) -> None:
    samples = [sample(n, n) for n in range(1, 101)]
    told = modules.run(
        "series",
        """const s = new m.Series();
        s.merge(given[0]); s.keepLast(10);
        const kept = [s.length, s.firstT, s.coveredFromT];
        s.merge(given[0]);
        return [...kept, s.length, s.firstAt(50), s.firstAt(1e9), s.lastRead()];""",
        samples,
    )
    assert told == [10, 91, 91, 100, 49, 100, 99]


def test_a_curve_goes_on_over_what_was_skipped_and_breaks_elsewhere(modules: Modules) -> None:
    statuses = ["ok", "skipped", "ok", "no_face", "ok", "lost", "ok"]
    samples = [sample(n + 1, n / 10, status) for n, status in enumerate(statuses)]
    samples.append(sample(8, 5.0))  # more than 2 s later
    told = with_series(
        modules,
        "curves",
        """const [t, valence] = m.valenceCurves(s, m.shown(s, 0, 10));
        return [t, valence, m.lonely(valence)];""",
        samples,
    )
    ts, valence, lonely = told
    assert valence == [0.1, 0.1, None, 0.1, None, 0.1, None, 0.1]
    assert [t for t, v in zip(ts, valence, strict=True) if v] == [0, 0.2, 0.4, 0.6, 5.0]
    assert ts == sorted(ts)
    assert lonely == [3, 5, 7]


def test_fps_counts_what_was_read_in_two_seconds(modules: Modules) -> None:
    samples = [sample(n + 1, n / 8, "ok" if n % 2 else "skipped") for n in range(100)]
    fps = with_series(modules, "curves", "return m.fpsCurve(s, [50, s.length])[1];", samples)
    assert fps == [4.0] * 50


def with_series(modules: Modules, name: str, body: str, samples: list[Any]) -> Any:  # noqa: ANN401
    """`body` with a series `s` of the samples."""
    modules.run("series", "window.series = new m.Series(); series.merge(given[0]);", samples)
    return modules.run(name, f"const s = window.series; {body}")


def test_the_strip_counts_each_sample_once(modules: Modules) -> None:
    samples = [sample(n + 1, n / 7, STATUSES[n % 4], latency_ms=400 * (n % 5)) for n in range(200)]
    bins = with_series(modules, "strip", "return m.bins(s, 0, 30, 0.5);", samples)
    assert [sum(b["counts"][k] for b in bins) for k in range(4)] == [50] * 4
    assert sum(b["late"] for b in bins) == 80  # 1200 and 1600 ms
    assert all(b["t"] == n * 0.5 for n, b in enumerate(bins))
    whole = with_series(modules, "strip", "return m.tally(s, 0, 30);", samples)
    assert whole["counts"] == [50] * 4


@pytest.mark.parametrize(
    ("moves", "window"),
    [
        ("", [40, 100]),
        ("v.pan(-20, 100, 0);", [20, 80]),
        ("v.pan(-20, 100, 0); v.pan(20, 100, 0);", [50, 110]),  # it follows: the edge has moved
        ("v.goTo(-Infinity, 100, 0);", [0, 60]),
        ("v.goTo(-Infinity, 100, 70);", [50, 110]),  # all of it is in view
        ("v.zoom(-1); v.pan(-20, 100, 0);", [50, 80]),
        ("v.zoom(-1); v.zoom(-1); v.zoom(-1); v.goTo(50, 100, 0);", [35, 50]),
        ("v.pan(-20, 100, 0); v.goLive();", [50, 110]),
    ],
)
def test_a_view_moves_within_what_there_is(
    modules: Modules, moves: str, window: list[float]
) -> None:
    edge = 100 if moves == "" else 110
    body = f"const v = new m.View(60); {moves} return v.window({edge});"
    assert modules.run("view", body) == window


def test_pauses_grow_to_a_limit_and_are_not_everybodys(modules: Modules) -> None:
    pauses = modules.run("backoff", "return [1, 2, 3, 9].map((n) => m.pauseS(n, 1));")
    assert pauses == [0.5, 1, 2, 10]
    assert modules.run("backoff", "return m.pauseS(1, 0);") == 0.375


def test_the_newest_moment_is_that_of_the_quickest_sample(modules: Modules) -> None:
    told = modules.run(
        "live_edge",
        """const e = new m.LiveEdge(); const none = e.at(5, 7);
        e.note(100, 1000.3); e.note(101, 1001.1); e.note(102, 1002.5);
        const [now, never] = [e.at(1003, 102), e.at(1003, 150)];
        for (let s = 0; s < 60; s++) e.note(103 + s - 5, 1003 + s);
        return [none, now, never, e.at(1063, 0)];""",
    )
    assert told == pytest.approx([7, 102.9, 150, 158])


@pytest.mark.parametrize(
    ("call", "text"),
    [
        ("signed(0.314)", "+0.31"),
        ("signed(-0.314)", "\u22120.31"),
        ("signed(-0.001)", "0.00"),
        ("signed(NaN)", "\u2013"),
        ("signed(undefined)", "\u2013"),
        ("kbits(7840)", "7.8"),
        ("kbits(128000)", "128"),
        ("milliseconds(231.4)", "231 ms"),
        ("milliseconds(12345)", "12.3 s"),
        ("offset(3.1, 20.4)", "+3 \u00b1 20 ms"),
        ("offset(-3.1, null)", "\u22123 ms"),
        ("offset(-7200000, 20)", "\u22127200.0 s"),
        ("offset(null, null)", "not told"),
        ("model('oa', '0123456789ab')", "oa 01234567"),
        ("model('oa', null)", "oa"),
        ("model(null, null)", "not told"),
        ("duration(61)", "61 s"),
        ("duration(300)", "5 min"),
        ("duration(90000)", "25 h"),
        ("percent(1, 1000)", "<1 %"),
        ("percent(999, 1000)", ">99 %"),
        ("percent(0, 7)", "0 %"),
        ("percent(0, 0)", "\u2013"),
        ("roundUp(27)", 30),
        ("roundUp(0.6)", 0.6),
        ("roundUp(0)", 1),
    ],
)
def test_numbers_in_words(modules: Modules, call: str, text: object) -> None:
    assert modules.run("format", f"return m.{call};") == text


@pytest.mark.parametrize(
    ("last", "t", "told"),
    [
        (sample(2, 1.0), 1.5, ""),
        (sample(2, 1.0, "no_face"), 1.5, "no face"),
        (sample(2, 1.0), 9.0, "stale: read 8 s ago"),
        (sample(2, 1.0, "lost"), 9.0, "stale: read 8 s ago, lost since"),
    ],
)
def test_a_value_that_is_old_says_so(
    modules: Modules, last: dict[str, object], t: float, told: str
) -> None:
    samples = [sample(1, 0.9), last]
    body = f"return m.whyOld(m.readingAt(s, {t}));"
    assert with_series(modules, "reading", body, samples) == told
