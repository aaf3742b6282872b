"""A page that is left open: what it holds, asks for and shows after hours, apart from the document.

The decoder is played by the test: `stored` are its samples, `sockets` those who follow.
"""

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from selenium.webdriver import Chrome as Driver

START_T = 1767225600.0

PLAYED = """
window.asked = [];
window.sockets = [];
window.stored = (fromId, fromT, toT, limit) => [];
window.WebSocket = class {
  static CONNECTING = 0;
  readyState = 0;
  constructor(url) { this.url = url; window.sockets.push(this); }
  close() { this.closedAs = this.readyState; this.readyState = 3; }
  open() { this.readyState = 1; this.onopen?.(); }
  say(...samples) { for (const s of samples) this.onmessage?.({ data: JSON.stringify(s) }); }
  end(code) { this.readyState = 3; this.onclose?.({ code }); }
};
window.sample = (id, t, more = {}) => (
  { id, seq: id - 1, t, status: "ok", valence: 0.1, sigma: 0.2, px: 32, qp: 30, ...more });
window.evenly = (rate, count) => (fromId, fromT, toT, limit) => {
  // A series of so many samples, `rate` a second.
  const first = Math.max(fromId, 1 + Math.ceil((fromT - START) * rate));
  const end = Math.min(count + 1, first + limit, 1 + Math.ceil((toT - START) * rate));
  const found = [];
  for (let id = first; id < end; id++) found.push(sample(id, START + (id - 1) / rate));
  return found;
};
window.fetch = async (url) => {
  window.asked.push(url);
  const query = new URL(url).searchParams;
  const of = (name, otherwise) => Number(query.get(name) ?? otherwise);
  const limit = of("limit", 1000);
  const found = stored(of("from", 1), of("from_t", -Infinity), of("to_t", Infinity), limit + 1);
  const next = found[limit]?.id ?? null;
  return new Response(JSON.stringify({ samples: found.slice(0, limit), next }));
};
window.summary = (more = {}) => ({
  session: "anna", state: "live", started_t: START, first_t: START, last_t: START, samples: 1,
  first_id: 1, last_id: 1, by_status: {}, preview: false, ...more });
window.settled = async (promise) => { await promise; await new Promise((r) => setTimeout(r)); };
""".replace("START", str(START_T))


class Played:
    """Runs the body of an asynchronous function, to which the modules that it names are given."""

    def __init__(self, driver: "Driver", url: str) -> None:
        driver.get(f"{url}/page/icon.svg")  # of the decoder, and nothing runs in it
        driver.execute_script(PLAYED)
        self._driver = driver

    def run(self, names: str, body: str) -> Any:  # noqa: ANN401
        modules = json.dumps(names.split())
        script = f"""
        const done = arguments[0];
        const body = async ({names.replace(" ", ", ")}) => {{ {body} }};
        Promise.all({modules}.map((name) => import(`/page/${{name}}.js`)))
          .then((found) => body(...found))
          .then((result) => done({{ result }}), (error) => done({{ error: String(error) }}));
        """
        told: Any = self._driver.execute_async_script(script)
        assert "error" not in told, told
        return told["result"]


@pytest.fixture
def played(driver: "Driver", decoder: str) -> Played:
    return Played(driver, decoder)


OPENED = f"""
const START = {START_T};
const opened = async (rate, count, more = {{}}) => {{
  window.stored = evenly(rate, count);
  const last = {{ last_id: count, samples: count, last_t: START + (count - 1) / rate }};
  const s = new session.Session(summary({{ ...last, ...more }}));
  s.held.isWide = true;
  await settled(s.open());
  sockets.at(-1)?.open();
  return s;
}};
const windowOf = (s, spanS) => [s.edgeT - spanS, s.edgeT];
"""


def test_a_long_view_of_a_stream_that_goes_on_shows_what_comes(played: Played) -> None:
    told = played.run(
        "session",
        OPENED
        + """const s = await opened(2, 20000);
        const lastT = s.series.lastT;
        await s.load(windowOf(s, 3600));
        sockets.at(-1).say(sample(20001, lastT + 0.5), sample(20002, lastT + 1));
        s.takeIn();
        const view = [lastT - 3599, lastT + 1];
        return [s.held.holds(view), s.held.seriesFor(view).lastT - lastT];""",
    )
    assert told == [True, 1]


def test_what_comes_late_is_shown_in_the_past_that_is_looked_at(played: Played) -> None:
    told = played.run(
        "session",
        OPENED
        + """const s = await opened(2, 20000);
        const view = [START + 100, START + 160];
        const loading = s.load(view);
        sockets.at(-1).say(sample(20001, START + 120.25));  // while it is read
        await loading;
        sockets.at(-1).say(sample(20002, START + 130.25));
        s.takeIn();
        const past = s.held.seriesFor(view);
        return [past.firstAt(view[1]) - past.firstAt(view[0]), s.series.firstT > view[1]];""",
    )
    assert told[0] == 122


@pytest.mark.parametrize("rate", [2, 10, 40])
def test_an_hour_of_long_ago_is_read_once(played: Played, rate: int) -> None:
    told = played.run(
        "session series",
        OPENED
        + f"""const s = await opened({rate}, {rate} * 6 * 3600);
        const view = [START + 2 * 3600, START + 3 * 3600];
        const before = asked.length;
        await s.load(view);
        const past = s.held.seriesFor(view);
        const count = past.firstAt(view[1]) - past.firstAt(view[0]);
        return [s.held.holds(view), count, asked.length - before];""",
    )
    assert told[:2] == [True, 3600 * rate]
    assert told[2] <= 1 + 3 * 3600 * rate / 5000


def test_a_series_that_is_full_still_shows_what_was_before(played: Played) -> None:
    told = played.run(
        "session series",
        OPENED
        + """const rate = 50, room = series.MOST_SAMPLES;
        const s = await opened(rate, rate * 6 * 3600);
        s.series.clear();
        s.series.merge(stored(rate * 6 * 3600 - room + 9, -Infinity, Infinity, room - 8));
        s.series.coveredFromT = s.series.firstT;
        const view = [s.series.firstT - 30, s.series.firstT + 30];
        await s.load(view);
        const held = s.held.seriesFor(view);
        return [s.held.holds(view), held.firstAt(view[1]) - held.firstAt(view[0])];""",
    )
    assert told == [True, 3000]


def test_a_clock_that_was_set_back_is_followed(played: Played) -> None:
    """The encoder is started again on a machine whose clock is an hour behind."""
    told = played.run(
        "session reading",
        OPENED
        + """const s = await opened(10, 600);
        const { lastT } = s.series;
        sockets.at(-1).say(sample(601, lastT + 0.1, { valence: 0.3 }));
        s.takeIn();
        const before = s.edgeT - lastT;
        sockets.at(-1).say(sample(602, lastT - 3600, { valence: -0.7 }));
        s.takeIn();
        const held = s.edgeT - lastT + 3600;
        const anew = new session.Session({ ...s.summary, last_id: 602, last_t: lastT - 3600 });
        window.stored = () => [sample(601, lastT + 0.1), sample(602, lastT - 3600)];
        await settled(anew.open());
        const value = (of) => reading.readingAt(of.series, of.edgeT).valence;
        return [before, held, value(s), anew.edgeT - lastT + 3600];""",
    )
    assert told[0] == pytest.approx(0.1, abs=0.05)
    assert told[1] == pytest.approx(0, abs=0.05)
    assert told[2] == -0.7
    assert told[3] == pytest.approx(0, abs=0.05)


def test_frames_of_an_outage_do_not_turn_the_time_back(played: Played) -> None:
    told = played.run(
        "session",
        OPENED
        + """const s = await opened(10, 600);
        const { lastT } = s.series;
        sockets.at(-1).say(sample(601, lastT + 30, { seq: 900 }));
        sockets.at(-1).say(sample(602, lastT + 10, { seq: 700 }));
        s.takeIn();
        return s.edgeT - lastT;""",
    )
    assert told == pytest.approx(30, abs=0.05)


@pytest.mark.parametrize("code", [1000, 4401, 4404])
@pytest.mark.parametrize("state", ["live", "interrupted", "ended"])
def test_what_was_added_while_nobody_looked_is_shown(played: Played, code: int, state: str) -> None:
    """It ended, and when somebody looks again it has gone on, and perhaps ended once more."""
    told = played.run(
        "session",
        OPENED
        + f"""const s = await opened(10, 600);
        sockets.at(-1).end({code});
        const closed = sockets.length;
        s.update({{ ...s.summary, state: "{state}", last_id: 700, samples: 700 }});
        await settled(s.open());
        return [sockets.length - closed, sockets.at(-1).url.split("?")[1], s.condition];""",
    )
    assert told[:2] == [1, "from=601"]


def test_what_has_ended_is_not_asked_for_again(played: Played) -> None:
    told = played.run(
        "session",
        OPENED
        + """const s = await opened(10, 600, { state: "ended" });
        sockets.at(-1).end(1000);
        const closed = sockets.length;
        for (let k = 0; k < 3; k++) {
          s.update({ ...s.summary });
          await settled(s.open());
        }
        return [sockets.length - closed, s.condition];""",
    )
    assert told == [0, "ended"]


def test_after_a_night_only_the_newest_is_read(played: Played) -> None:
    """The machine slept: the connection broke, and 300,000 samples came without it."""
    told = played.run(
        "session",
        OPENED
        + """const s = await opened(10, 600);
        const asleep = sockets.at(-1);
        window.stored = evenly(10, 300600);
        s.update({ ...s.summary, last_id: 300600, last_t: START + 30059.9 });
        await settled(s.open());
        sockets.at(-1).open();
        s.takeIn();
        return [asleep.readyState, sockets.at(-1).url.split("?")[1], s.series.length];""",
    )
    assert told in ([3, "from=300601", n] for n in (900, 901))


def test_a_connection_that_is_dead_and_says_nothing_is_made_again(played: Played) -> None:
    told = played.run(
        "session",
        OPENED
        + """const now = performance.now.bind(performance);
        let laterMs = 0;
        performance.now = () => now() + laterMs;
        const s = await opened(10, 600);
        const dead = sockets.at(-1);
        const found = [];
        for (let k = 1; k <= 12; k++) {
          laterMs += 1500;
          s.update({ ...s.summary, last_id: 600 + 15 * k });
          await settled(s.open());
          found.push(sockets.at(-1) === dead);
        }
        delete performance.now;
        return [found.slice(0, 3), found.at(-1), sockets.at(-1).url.split("?")[1]];""",
    )
    assert told == [[True, True, True], False, "from=601"]


def test_a_session_without_samples_says_so(played: Played) -> None:
    told = played.run(
        "session",
        OPENED
        + """const now = performance.now.bind(performance);
        let laterMs = 0;
        performance.now = () => now() + laterMs;
        window.stored = () => [];
        const none = { first_t: null, last_t: null, samples: 0, first_id: 0, last_id: 0 };
        const s = new session.Session(summary(none));
        const before = s.condition;
        await settled(s.open());
        sockets.at(-1).open();
        laterMs += 5000;
        const after = s.condition;
        delete performance.now;
        return [before, after];""",
    )
    assert told == ["loading", "silent"]


def test_who_looks_away_while_it_is_loaded_does_not_follow(played: Played) -> None:
    told = played.run(
        "session",
        OPENED
        + """window.stored = evenly(10, 600);
        const s = new session.Session(summary({ last_id: 600, last_t: START + 59.9 }));
        const opening = s.open();
        s.close();
        await settled(opening);
        const away = sockets.length;
        await settled(s.open());
        return [away, sockets.length, s.series.length];""",
    )
    assert told == [0, 1, 600]


def test_a_connection_that_is_only_being_made_is_not_broken_off(played: Played) -> None:
    """Browsers write that on the console as an error."""
    told = played.run(
        "follower",
        """const f = new follower.Follower("anna", () => {}, () => {});
        f.start(0);
        const [socket] = sockets;
        f.stop();
        const early = socket.closedAs ?? null;
        socket.open();
        return [early, socket.closedAs, f.state];""",
    )
    assert told == [None, 1, "stopped"]


def test_a_name_that_is_used_again_begins_anew_also_while_it_is_loaded(played: Played) -> None:
    told = played.run(
        "session",
        OPENED
        + """const s = await opened(10, 3000);
        const loading = s.load([START + 100, START + 160]);
        window.stored = evenly(10, 50);
        s.update(summary({ started_t: START + 9999, last_id: 50, last_t: START + 4.9 }));
        await settled(s.open());
        await settled(loading);
        await settled(s.open());
        return [s.series.length, sockets.at(-1).url.split("?")[1]];""",
    )
    assert told == [50, "from=51"]


def test_what_was_looked_at_is_let_go_of(played: Played) -> None:
    """An hour of one session after the other would fill the browser."""
    told = played.run(
        "session",
        OPENED
        + """const s = await opened(25, 25 * 8 * 3600);
        await s.load(windowOf(s, 3600));
        await s.load([START, START + 3600]);
        const wide = [s.series.length, s.series.t.length];
        s.held.narrow();
        return [...wide, s.held.past, s.series.length, s.series.t.length];""",
    )
    assert told[0] > 80_000
    assert told[2] is None
    assert told[3] <= 8192
    assert told[4] <= 16384


def test_hours_without_a_face_do_not_make_drawing_slow(played: Played) -> None:
    told = played.run(
        "series curves",
        f"""const s = new series.Series();
        const count = 300000, T = {START_T};
        s.merge(Array.from({{ length: count }}, (_, n) =>
          sample(n + 1, T + n / 10, n < 10 ? {{}} : {{ status: "no_face" }})));
        const [from, to] = curves.shown(s, s.lastT - 60, s.lastT);
        return to - from;""",
    )
    assert told < 700
