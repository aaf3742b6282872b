"""A stored series at its own pace, under a clock that moves only while somebody sleeps."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from narrowcast_decoder.hub import Hub
from narrowcast_decoder.replay import NAP_S, PAGE_SAMPLES, Pace, Replay
from narrowcast_decoder.store.sqlite import SqliteStore
from narrowcast_shared.clock import ManualClock
from narrowcast_shared.errors import UnknownSessionError
from narrowcast_shared.samples import Sample

Series = Callable[..., list[Sample]]


def at(series: Series, *times: float) -> list[Sample]:
    """A series captured at these times."""
    return [
        sample.model_copy(update={"t": 1e9 + t})
        for sample, t in zip(series("a", len(times)), times, strict=True)
    ]


class Player:
    """Replays, and notes when each sample came (s) and how long each sleep was."""

    def __init__(self, store: SqliteStore) -> None:
        self.store, self.hub, self.clock = store, Hub(), ManualClock(5_000_000)
        self.came: list[tuple[int, float]] = []
        self.naps: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.clock.advance(math.ceil(seconds * 1e6))

    def replay(self, pace: Pace, after_id: int = 0) -> Replay:
        return Replay(self.store, self.hub, "a", after_id, pace, self.clock, self.sleep)

    async def play(self, pace: Pace, after_id: int = 0) -> Replay:
        with self.replay(pace, after_id) as replay:
            while page := await replay.next_page():
                now_s = self.clock.monotonic_us() / 1e6 - 5
                self.came += [(sample.id, round(now_s, 3)) for sample in page]
        return replay


def played(path: Path, test: Callable[[Player], Awaitable[None]]) -> None:
    async def scenario() -> None:
        store = await SqliteStore.open(path / "series.sqlite")
        try:
            await test(Player(store))
        finally:
            await store.close()

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("pace", "due"),
    [
        (Pace(), [0, 0.5, 1.0, 6.0, 6.0, 6.5]),
        (Pace(speed=2), [0, 0.25, 0.5, 3.0, 3.0, 3.25]),
        (Pace(speed=0.5, max_gap_s=1), [0, 1, 2, 4, 4, 5]),
        (Pace(max_gap_s=0), [0] * 6),
    ],
)
def test_each_sample_comes_when_it_is_due(
    tmp_path: Path, series: Series, pace: Pace, due: list[float]
) -> None:
    """Pauses of 0.5, 0.5 and 99 s; then the clock is set back; then 0.5 s."""

    async def test(player: Player) -> None:
        await player.store.append(at(series, 0, 0.5, 1, 100, 50, 50.5))
        replay = await player.play(pace)
        assert player.came == list(enumerate(due, start=1))
        assert max(player.naps, default=0) <= NAP_S
        assert (replay.is_over, replay.session_ended) == (True, True)

    played(tmp_path, test)


def test_it_goes_over_pages_without_drifting_and_keeps_one(tmp_path: Path, series: Series) -> None:
    async def test(player: Player) -> None:
        count = 2 * PAGE_SAMPLES + 10
        await player.store.append(series("a", count))
        with player.replay(Pace()) as replay:
            while page := await replay.next_page():
                player.came += [(s.id, player.clock.monotonic_us() / 1e6 - 5) for s in page]
                assert len(replay._page) <= PAGE_SAMPLES
        assert [id_ for id_, _ in player.came] == list(range(1, count + 1))
        for id_, came_s in player.came:
            assert came_s == pytest.approx((id_ - 1) / 25, abs=0.001)

    played(tmp_path, test)


def test_it_begins_where_it_is_asked_to_and_what_comes_later_is_left_out(
    tmp_path: Path, series: Series
) -> None:
    async def test(player: Player) -> None:
        await player.store.append(series("a", 5))
        with player.replay(Pace(), after_id=3) as replay:
            (first,) = await replay.next_page()
            await player.store.append(series("a", 5, first_id=6))
            assert first.id == 4
            assert [s.id for s in await replay.next_page()] == [5]
            assert await replay.next_page() == []

    played(tmp_path, test)


def test_a_long_pause_is_told_and_the_end_of_the_service_ends_it(
    tmp_path: Path, series: Series
) -> None:
    async def test(player: Player) -> None:
        await player.store.append(at(series, 0, 60))
        with player.replay(Pace(max_gap_s=60)) as replay:
            assert len(await replay.next_page(idle_s=15)) == 1
            assert await replay.next_page(idle_s=15) == []
            assert not replay.is_over
            player.hub.close()
            assert await replay.next_page(idle_s=15) == []
            assert (replay.is_over, replay.session_ended) == (True, False)

    played(tmp_path, test)


def test_who_was_held_up_gets_what_is_due_at_once(tmp_path: Path, series: Series) -> None:
    async def test(player: Player) -> None:
        await player.store.append(series("a", 100))
        with player.replay(Pace()) as replay:
            await replay.next_page()
            player.clock.advance(1_000_000)
            assert len(await replay.next_page()) == 25

    played(tmp_path, test)


def test_there_must_be_a_session(tmp_path: Path) -> None:
    async def test(player: Player) -> None:
        with pytest.raises(UnknownSessionError, match="no session 'a'"):
            await player.play(Pace())

    played(tmp_path, test)
