"""docs/pandas.md: its Python is run, in one namespace, on a series that was really exported."""

import asyncio
import json
import math
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from narrowcast_client.commands.stored import export, sessions
from narrowcast_decoder.store.sqlite import SqliteStore
from narrowcast_shared.model_name import ModelName
from narrowcast_shared.samples import Sample, Status

from .test_docs import ROOT, blocks

DOCUMENT = ROOT / "docs" / "pandas.md"
T0 = 1_767_225_600.0
FPS = 25
SECONDS = 80
OFFSET_MS = 2000.0


def status(index: int) -> Status:
    """20 s to 24 s away, 40 s to 43 s lost; from 60 s on one frame in five, none from 70 to 72."""
    at_s = index / FPS
    if 20 <= at_s < 24:
        return Status.NO_FACE
    if 40 <= at_s < 43:
        return Status.LOST
    if 70 <= at_s < 72:
        return Status.SKIPPED
    return Status.SKIPPED if at_s >= 60 and index % 5 else Status.OK


def series() -> list[Sample]:
    """What was lost comes late, as it does from an outage."""
    samples = []
    for index in range(SECONDS * FPS):
        what = status(index)
        frame: dict[str, Any] = {"id": 1, "session": "anna", "seq": index, "t": T0 + index / FPS}
        if what is Status.OK:
            frame |= {"valence": 0.1 + 0.5 * math.sin(index / 200), "sigma": 0.15}
            frame |= {"px": 48, "qp": 30, "wire_bps": 8000, "latency_ms": 30.0}
        samples.append(Sample(**frame, status=what))
    late = [s for s in samples if s.status is Status.LOST]
    ordered = [s for s in samples if s.status is not Status.LOST] + late
    return [s.model_copy(update={"id": id_}) for id_, s in enumerate(ordered, start=1)]


async def store(path: Path) -> None:
    opened = await SqliteStore.open(path, model=ModelName(name="oa"))
    hold = await opened.note_started("anna", T0)
    await opened.note_clock("anna", OFFSET_MS, 2.0, hold)
    await opened.append(series())
    await opened.add_mark("anna", T0 + 10, "baseline over")
    await opened.add_mark("anna", T0 + 50, "film")
    await opened.note_ended("anna", T0 + 100, "finished")
    await opened.close()


@pytest.fixture(scope="module")
def namespace(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What all blocks have left behind."""
    pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    folder = tmp_path_factory.mktemp("recipe")
    asyncio.run(store(folder / "narrowcast.sqlite"))
    # In whole seconds, as many a logger writes them: pandas makes times of another type of these.
    beats = "".join(f"{round(T0 + OFFSET_MS / 1000) + i},{60 + i % 7}\n" for i in range(79))
    (folder / "heart.csv").write_text("t,bpm\n" + beats)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        words = ["anna", "--out", "anna.parquet", "--marks", "anna-marks.csv"]
        given = ["--baseline", "30s", "--store", "narrowcast.sqlite"]
        done = CliRunner().invoke(export, words + given, catch_exceptions=False)
        assert done.exit_code == 0
        listed = CliRunner().invoke(sessions, ["--json", "--store", "narrowcast.sqlite"])
        Path("sessions.jsonl").write_text(listed.stdout)
        names: dict[str, Any] = {}
        for block in blocks(DOCUMENT.read_text(), "python"):
            exec(compile(block, str(DOCUMENT), "exec"), names)
    return names


def test_the_grid_is_regular_and_unknown_where_nothing_was_read(namespace: dict[str, Any]) -> None:
    grid, pd = namespace["grid"], namespace["pd"]
    assert len(grid) == SECONDS * 10
    assert (grid.index.to_series().diff().dropna() == pd.Timedelta("100ms")).all()
    at_s = (grid.index - pd.Timestamp(T0, unit="s", tz="utc")).total_seconds()
    away = ((at_s >= 20) & (at_s < 23.9)) | ((at_s >= 40) & (at_s < 42.9))
    assert not grid["known"][away].any()
    assert grid["known"][at_s < 19.9].all()
    assert grid["sigma"][grid["known"]].round(6).eq(0.15).all()


def test_what_was_skipped_is_bridged_and_what_is_gone_is_not(namespace: dict[str, Any]) -> None:
    bridged, grid = namespace["face"]["valence"], namespace["grid"]
    assert not grid["known"].iloc[600:].all()
    assert bridged.iloc[600:698].notna().all()
    assert bridged.iloc[200:239].isna().all()
    assert bridged.iloc[400:429].isna().all()


def test_a_gap_that_is_too_long_is_not_bridged_at_its_beginning(namespace: dict[str, Any]) -> None:
    """70 s to 72 s: skipped all along, which the encoder does where the line is down."""
    bridged = namespace["face"]["valence"]
    assert bridged.iloc[702:719].isna().all()
    assert bridged.iloc[722:-2].notna().all()


def test_the_other_recording_is_on_the_same_clock(namespace: dict[str, Any]) -> None:
    joined, grid, pd = namespace["joined"], namespace["grid"], namespace["pd"]
    assert abs(joined.index[0] - grid.index[0]) < pd.Timedelta("1ms")
    assert len(joined) == 79
    assert 5 < joined["valence"].isna().sum() < 10  # the beats of 4, 3 and 2 s without a reading


def test_parts_and_shares(namespace: dict[str, Any]) -> None:
    parts, share = namespace["parts"], namespace["share"]
    assert list(parts.index) == ["before", "baseline over", "film"]
    assert list(parts["seconds"].round(3)) == [10.0, 40.0, 30.0]
    assert parts["known"]["before"] == 1
    assert parts["known"]["baseline over"] == pytest.approx(33 / 40, abs=0.01)
    assert share.sum() == pytest.approx(1)
    assert share["unknown"] == pytest.approx((4 + 3 + 2) / SECONDS, abs=0.01)
    assert namespace["middle"].effective_bins < 20
    assert 0.3 < namespace["above"].notna().mean() < 0.7


def test_the_offset_is_the_session_s(namespace: dict[str, Any]) -> None:
    assert json.loads(json.dumps(namespace["offset_ms"])) == OFFSET_MS
