"""How smoothly the live page moves: frames of a real browser while many streams come in."""

import time
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from narrowcast_lab import serve_bench
from narrowcast_lab.browser import Size, browser
from narrowcast_lab.serve_bench import Request, Tell
from narrowcast_lab.serve_bench_load import DRAIN_S, HEAD_START_S, play
from narrowcast_lab.serve_bench_player import receive
from narrowcast_shared.errors import LinkError

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

OPEN_S = 20.0
"""For the page to show all streams; what it takes of that is not measured."""

WINDOW = Size(1280, 2000)
"""So high that twenty cards are in view under an opened session: what is not is not drawn."""

FRAME_MS = 1000 / 60
"""Of a screen."""

LATE_FRAMES = 2.5
"""A frame that comes this many frames after the last one is seen as a stutter."""

_COUNT = """
const [ms, done] = arguments;
const at = [];
const startMs = performance.now();
const step = (nowMs) => {
  at.push(nowMs);
  if (performance.now() - startMs < ms) requestAnimationFrame(step);
  else done(at);
};
requestAnimationFrame(step);
"""

_LOOKS = """
const cards = document.querySelectorAll("#cards .state[data-state=live]");
return [cards.length, narrowcast.drawn()?.samples.length ?? 0];
"""


class Smoothness(NamedTuple):
    """Of one run. busy_share: of the time, in which the browser's main thread works."""

    streams: int
    fps: float
    focused: bool
    seconds: float
    frames_per_s: float
    frame_ms_p50: float
    frame_ms_p95: float
    frame_ms_p99: float
    stutters: int
    longest_ms: float
    busy_share: float


def measure(request: Request, *, focused: bool, tell: Tell) -> Smoothness:
    """Play `request.streams` real streams at a decoder and watch its page draw them.

    focused: with one session opened, above the cards of all. Raises NarrowcastError.
    """
    lasting = request._replace(subscribers=0, seconds=request.seconds + OPEN_S)
    clips = serve_bench.make_clips(lasting)
    with serve_bench.decoder(request.model, tell) as url, browser(WINDOW) as driver:
        plan = serve_bench.make_plan(lasting, clips, url)
        with serve_bench.playing(plan, partial(play, plan), tell) as (_, load):
            time.sleep(HEAD_START_S)
            driver.get(f"{url}/#session={plan.session(0)}" if focused else url)
            tell("opening the page")
            _wait(driver, request.streams, focused=focused)
            tell(f"counting frames for {request.seconds:g} s")
            figures = _figures(driver, request, focused=focused)
            tell("waiting for the last samples")
            receive(load, lasting.seconds + 2 * DRAIN_S)
    return figures


def _wait(driver: "Chrome", streams: int, *, focused: bool) -> None:
    """Until all are drawn. Raises LinkError where they never are."""
    deadline = time.monotonic() + OPEN_S - 2
    while time.monotonic() < deadline:
        cards, drawn = driver.execute_script(_LOOKS)
        if cards >= streams and (drawn or not focused):
            return
        time.sleep(0.2)
    raise LinkError(f"the page shows {cards} live sessions, not {streams}")


def _figures(driver: "Chrome", request: Request, *, focused: bool) -> Smoothness:
    driver.set_script_timeout(request.seconds + 30)
    before = _metrics(driver)
    at_ms = driver.execute_async_script(_COUNT, 1000 * request.seconds)
    after = _metrics(driver)
    gaps_ms = np.diff(at_ms)
    p50, p95, p99 = (round(float(np.percentile(gaps_ms, p)), 1) for p in (50, 95, 99))
    passed_s = after["Timestamp"] - before["Timestamp"]
    return Smoothness(
        streams=request.streams,
        fps=request.point.fps,
        focused=focused,
        seconds=request.seconds,
        frames_per_s=round(len(gaps_ms) / request.seconds, 1),
        frame_ms_p50=p50,
        frame_ms_p95=p95,
        frame_ms_p99=p99,
        stutters=int(np.sum(gaps_ms > LATE_FRAMES * FRAME_MS)),
        longest_ms=round(float(gaps_ms.max()), 1),
        busy_share=round((after["TaskDuration"] - before["TaskDuration"]) / passed_s, 3),
    )


def _metrics(driver: "Chrome") -> dict[str, float]:
    """What the browser counts of its main thread."""
    driver.execute_cdp_cmd("Performance.enable", {})
    told: dict[str, Any] = driver.execute_cdp_cmd("Performance.getMetrics", {})
    return {each["name"]: float(each["value"]) for each in told["metrics"]}
