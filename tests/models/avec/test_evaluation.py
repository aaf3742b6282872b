"""Scores per recording and concatenated, and what is chosen on the training recordings."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from narrowcast_models.coding import Coding
from narrowcast_models.data.avec.layout import RECORDINGS, RecordingFiles, find
from narrowcast_models.data.avec.post import Rescaling
from narrowcast_models.data.avec.ratings import Ratings
from narrowcast_models.data.avec.recording import LeftOut
from narrowcast_models.evaluation import avec
from narrowcast_models.evaluation.avec import Processing, Series, Wish
from narrowcast_models.recogniser import Recogniser
from narrowcast_shared import metrics
from narrowcast_shared.errors import DataError

PLAIN = Coding(48, None)


def _series(name: str, predicted: list[float], gold: list[float], coded_bytes: int = 0) -> Series:
    times_s = 0.04 * np.arange(len(gold))
    ratings = Ratings(times_s, np.array(gold))
    partition = name.partition("_")[0]
    return Series(
        name, partition, times_s, np.array(predicted), ratings, Counter[LeftOut](), coded_bytes
    )


def test_per_recording_and_concatenated() -> None:
    one = _series("dev_1", [1, 2, 3], [1, 2, 4], coded_bytes=30)
    two = _series("dev_2", [0, 0], [0, 1], coded_bytes=70)
    rows = avec.score([one, two], Processing())
    assert [(row.name, row.frames) for row in rows] == [("dev_1", 3), ("dev_2", 2), ("dev", 5)]
    assert rows[0].ccc == pytest.approx(6 / 7, abs=1e-4)
    assert (rows[1].cc, rows[1].ccc) == (0, 0)
    assert rows[2][2:5] == pytest.approx(metrics.score([1, 2, 3, 0, 0], [1, 2, 4, 0, 1]), abs=1e-4)
    assert [row.video_kbps for row in rows] == [2.0, 7.0, 4.0]  # 10, 35 and 20 B a frame


def test_partitions_are_never_mixed() -> None:
    series = [_series("train_1", [0, 1], [0, 1]), _series("dev_1", [0, 1], [1, 0])]
    rows = {row.name: row for row in avec.score(series, Processing())}
    assert list(rows) == ["train_1", "dev_1", "train", "dev"]
    assert (rows["train"].cc, rows["dev"].cc) == (1, -1)
    assert rows["dev"].video_kbps is None


def test_the_generated_tree(root: Path, reader: Recogniser) -> None:
    """The reader sees what the raters said .4 s later, halved and .1 up."""
    codings = (PLAIN, Coding(16, 30))
    read = avec.read(reader, find(root), codings)
    assert list(read) == list(codings)
    for coding, series in read.items():
        assert [one.recording for one in series] == list(RECORDINGS)
        plain = avec.score(series, avec.choose(series, Wish()))[-1]
        train = [one for one in series if one.partition == "train"]
        chosen = avec.choose(train, Wish(None, 0.0, rescale=True))
        assert chosen.delay_s == pytest.approx(0.4)
        assert chosen.rescaling.scale == pytest.approx(0.5, rel=0.1)
        assert chosen.rescaling.offset == pytest.approx(0.1, abs=0.02)
        done = avec.score(series, chosen)[-1]
        assert done.frames == 9 * 75
        assert plain.ccc < 0.6
        assert done.ccc > 0.9
        assert (done.video_kbps is None) == (coding.qp is None)


def test_coded_as_one_stream(files_of: Callable[[str], RecordingFiles], reader: Recogniser) -> None:
    """One keyframe and then P frames: a second of a still face costs next to nothing."""
    coding = Coding(96, 30)
    (series,) = avec.read(reader, [files_of("dev_1")], [coding])[coding]
    assert 0 < series.coded_bytes < 75 * 120


def test_what_was_asked_for_is_not_chosen_anew() -> None:
    series = [_series("train_1", [0, 1, 0, 1], [0, 0, 1, 1])]
    assert avec.choose(series, Wish()) == Processing()
    chosen = avec.choose(series, Wish(1.2, 4.0, rescale=False))
    assert chosen == Processing(1.2, 4.0, Rescaling(1.0, 0.0))


def test_a_window_is_chosen_that_takes_the_noise_out() -> None:
    rng = np.random.default_rng(0)
    gold = np.sin(np.arange(1500) / 150)
    noisy = gold + rng.normal(0, 1, 1500)
    series = [_series("train_1", noisy.tolist(), gold.tolist())]
    assert avec.choose(series, Wish(0.0, None)).window_s >= 1.0


def test_no_usable_frame(files_of: Callable[[str], RecordingFiles], reader: Recogniser) -> None:
    files = files_of("dev_1")
    files.boxes.write_text("frame;x;y;w;h\n0;0;0;20;20\n")
    with pytest.raises(DataError, match="dev_1: not one frame can be used: 1 with small face"):
        avec.read(reader, [files], [PLAIN])
