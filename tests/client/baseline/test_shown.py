"""What a viewer says of rest: that it is being learned, and then what is above it."""

from collections.abc import AsyncGenerator

import pytest
from rich.console import Console

from narrowcast_client.baseline import BaselineChoice, BaselineFilter, ModelName
from narrowcast_client.terminal import history
from narrowcast_client.terminal.history import History
from narrowcast_client.terminal.screen import Caption, draw
from narrowcast_client.terminal.views import LinesView
from narrowcast_shared.archive import SessionInfo, TimeSpan
from narrowcast_shared.samples import Sample

from .series import make_series


def drawn(samples: list[Sample], rest: str, width: int = 100, height: int = 30) -> list[str]:
    history = History(20)
    for sample in samples:
        history.add(sample)
    console = Console(width=width, height=height, color_system=None, legacy_windows=False)
    with console.capture() as capture:
        console.print(draw(history, Caption("anna", "http://d", "live", rest=rest), width, height))
    return capture.get().rstrip("\n").split("\n")


def above_rest(count: int) -> tuple[list[Sample], str]:
    baseline = BaselineChoice(seconds=5).begin(ModelName())
    samples = [baseline.above_rest(s) for s in make_series([0.1] * (count - 1) + [0.5])]
    return list(samples), str(baseline)


def test_while_it_is_learned_the_drawing_says_how_far() -> None:
    screen = drawn(*above_rest(40))
    assert screen[-1].strip() == "learning rest: 4 of 5 s of face seen"
    assert not any("above rest" in line for line in screen)


def test_then_it_says_what_is_above_it_beside_the_raw_value() -> None:
    screen = drawn(*above_rest(80))
    assert screen[-1].strip() == "+0.40 ±0.10 above rest   rest +0.10 ±0.00"
    assert any("±0.10" in line for line in screen[:5])  # the raw value's


@pytest.mark.parametrize("size", [(24, 4), (40, 8), (60, 16), (160, 60)])
def test_it_fits_whatever_the_size(size: tuple[int, int]) -> None:
    screen = drawn(*above_rest(80), *size)
    assert len(screen) <= size[1]
    assert max(map(len, screen)) <= size[0]


def test_without_a_baseline_nothing_is_said() -> None:
    assert not any("rest" in line for line in drawn(make_series([0.1] * 40), ""))


class _Stored:
    """An archive of one series."""

    def __init__(self, samples: list[Sample]) -> None:
        self._samples = samples

    async def sessions(self) -> list[SessionInfo]:
        return [await self.session("anna")]

    async def session(self, name: str) -> SessionInfo:
        return SessionInfo(session=name, state="live", last_id=self._samples[-1].id)

    async def pages(
        self, session: SessionInfo, span: TimeSpan
    ) -> AsyncGenerator[list[Sample], None]:
        assert (session.session, span) == ("anna", TimeSpan())
        yield self._samples


def test_a_line_tells_it_too(capsys: pytest.CaptureFixture[str]) -> None:
    samples, _ = above_rest(80)
    assert (
        history.line(samples[-1])
        .split(" ok ")[1]
        .startswith("+0.50 ±0.10, +0.40 ±0.10 above rest, 48 px")
    )
    correction = BaselineFilter(BaselineChoice(seconds=30), _Stored(samples))
    correction.baseline = BaselineChoice(seconds=30).begin(ModelName())
    with LinesView("http://d", correction) as view:
        view.add(correction.baseline.above_rest(samples[0]))
        view.refresh()
    assert "learning rest: 0 of 30 s of face seen\n" in capsys.readouterr().out
