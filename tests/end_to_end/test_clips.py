"""Real clips through the whole path: what anyone can see in them, the series must say."""

import csv
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
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


TALKING = tuple(f"grid_{name}.mpg" for name in ("bbaf2n", "brbk7n", "lbax4n", "pwij3p", "swiz3n"))


def score(clips: Sequence[str], *arguments: str) -> list[str]:
    """What `narrowcast score` prints of these clips, by line."""
    paths = [str(Path(DATA or "") / "clips" / clip) for clip in clips]
    command = [sys.executable, "-m", "narrowcast_shared", "score", *paths, *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=110, check=True)
    return ended.stdout.splitlines()


@lru_cache
def scored(clip: str, *arguments: str) -> list[Sample]:
    lines = score([clip], "--json", *arguments)
    return [Sample.model_validate_json(line) for line in lines]


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
def test_talking_faces_are_read_in_nearly_every_frame(link: tuple[str, ...]) -> None:
    """Several files make one stream of rows, a session each."""
    header, *rows = csv.reader(score(TALKING, "--csv", *link))
    session, status = header.index("session"), header.index("status")
    assert [row[session] for row in rows] == [
        Path(clip).stem for clip in TALKING for _ in range(75)
    ]
    read = Counter(row[session] for row in rows if row[status] == Status.OK)
    assert {clip: frames for clip, frames in read.items() if frames < 0.95 * 75} == {}
    assert len(read) == len(TALKING)
