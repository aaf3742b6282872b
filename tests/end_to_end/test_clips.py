"""Real clips through the whole path: what anyone can see in them, the series must say."""

import os
import subprocess
import sys
from functools import lru_cache
from pathlib import Path
from statistics import fmean

import pytest

from narrowcast_shared.samples import Sample, Status

DATA = os.environ.get("NARROWCAST_DATA")
pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(not DATA, reason="NARROWCAST_DATA is not set: the test needs its clips"),
]

LINKS = [("--px", "32", "--qp", "30"), ("--px", "16", "--qp", "30")]


@lru_cache
def scored(clip: str, *arguments: str) -> list[Sample]:
    path = str(Path(DATA or "") / "clips" / clip)
    command = [sys.executable, "-m", "narrowcast_shared", "score", path, "--json", *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=110, check=True)
    return [Sample.model_validate_json(line) for line in ended.stdout.splitlines()]


def mean_valence(samples: list[Sample]) -> float:
    return fmean(s.valence for s in samples if s.valence is not None)


@pytest.mark.parametrize("link", LINKS)
def test_a_smile_raises_valence(link: tuple[str, ...]) -> None:
    samples = scored("smile_single.mp4", *link)
    assert [s.seq for s in samples] == list(range(72))
    assert mean_valence(samples[25:65]) - mean_valence(samples[:18]) >= 0.4


@pytest.mark.parametrize(("link", "difference"), [(LINKS[0], 0.7), (LINKS[1], 0.5)])
def test_crying_and_laughing_are_told_apart(link: tuple[str, ...], difference: float) -> None:
    samples = scored("cry_to_laugh.mp4", *link)
    assert len(samples) == 472
    assert mean_valence(samples[310:]) - mean_valence(samples[:220]) >= difference


def test_crying_reads_below_zero_at_32_px() -> None:
    assert mean_valence(scored("cry_to_laugh.mp4", *LINKS[0])[:220]) < -0.1


@pytest.mark.parametrize("link", LINKS)
def test_where_there_is_no_face_every_sample_says_so(link: tuple[str, ...]) -> None:
    assert {s.status for s in scored("no_face.mp4", *link)} == {Status.NO_FACE}


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("clip", ["bbaf2n", "brbk7n", "lbax4n", "pwij3p", "swiz3n"])
def test_talking_faces_are_read_in_nearly_every_frame(clip: str, link: tuple[str, ...]) -> None:
    samples = scored(f"grid_{clip}.mpg", *link)
    assert len(samples) == 75
    assert sum(s.status is Status.OK for s in samples) >= 0.95 * len(samples)


def test_several_files_make_one_stream_of_rows() -> None:
    first, second = (str(Path(DATA or "") / "clips" / name) for name in
                     ("grid_bbaf2n.mpg", "grid_brbk7n.mpg"))  # fmt: skip
    command = [sys.executable, "-m", "narrowcast_shared", "score", first, second, "--csv"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=110, check=True)
    rows = [line.split(",") for line in ended.stdout.splitlines()]
    assert rows[0][:2] == ["id", "session"]
    assert [row[1] for row in rows[1:]] == ["grid_bbaf2n"] * 75 + ["grid_brbk7n"] * 75
