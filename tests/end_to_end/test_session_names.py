"""Names of sessions: one that exists is continued and told of, `new` begins another, and none is a
number or missing for whoever reads the table.
"""

import asyncio
import io
import logging
import os
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from websockets.asyncio.client import connect

from narrowcast_encoder.client import publish
from narrowcast_encoder.detection import Box, FaceDetector
from narrowcast_lab import processes
from narrowcast_lab.score import session_names
from narrowcast_shared.errors import ProtocolError, SettingsError
from narrowcast_shared.samples import Sample, Status, csv_header, csv_row
from narrowcast_shared.wire import SUBPROTOCOL
from narrowcast_shared.wire.messages import (
    INCARNATION_BYTES,
    End,
    EndCode,
    Hello,
    Message,
    Welcome,
    check_new_session_name,
)
from narrowcast_shared.wire.serial import parse, serialise

VALUES = [
    "NA", "na", "null", "NULL", "nan", "NaN", "None", "true", "True", "FALSE", "1e5", "1E-5",
    "007", "1.5", "inf", "Infinity", "1234567890123456789012",
]  # fmt: skip
NAMES = [
    "anna",
    "0",
    "101",
    "20260131",
    "1e5x",
    "p-007",
    "N-A",
    "2026-01-31",
    "nana",
    "x.1",
    "true-1",
    "1_000",
    "0x10",
]


class NoFace(FaceDetector):
    def detect(self, image: NDArray[np.uint8]) -> list[Box]:  # noqa: ARG002
        return []


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with processes.decoder(tmp_path_factory.mktemp("decoder")) as url:
        yield url


async def published(url: str, name: str, *, new: bool = False) -> str:
    async with publish(url, name, detector=NoFace(), new=new) as encoder:
        for _ in range(3):
            await encoder.frame(np.zeros((48, 48, 3), np.uint8))
        return encoder.session


def test_a_session_that_exists_is_continued_and_told_of(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    asyncio.run(published(url, "again"))
    assert "exists" not in caplog.text
    asyncio.run(published(url, "again"))
    assert "session again exists: it continues after frame 2" in caplog.text
    assert processes.get_json(f"{url}/v1/sessions/again")["samples"] == 6


def test_a_new_one_has_its_start_in_its_name(url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    asyncio.run(published(url, "ben"))
    name = asyncio.run(published(url, "ben", new=True))
    assert re.fullmatch(r"ben-\d{8}T\d{6}", name)
    assert "exists" not in caplog.text
    assert processes.get_json(f"{url}/v1/sessions/ben")["samples"] == 3


@pytest.mark.parametrize("name", VALUES)
def test_what_reads_as_a_value_is_no_name(name: str) -> None:
    with pytest.raises(SettingsError, match=f"session-{re.escape(name)}"):
        asyncio.run(published("http://127.0.0.1:9", name))
    with pytest.raises(ProtocolError):
        check_new_session_name(name)


@pytest.mark.parametrize("goes_on", [False, True])
def test_a_decoder_refuses_a_new_session_of_such_a_name_alone(url: str, goes_on: bool) -> None:
    hello = Hello("NA", os.urandom(INCARNATION_BYTES), 0, 200, owed_from=0 if goes_on else None)

    async def answer() -> Message:
        address = f"{url.replace('http', 'ws')}/v1/publish"
        async with connect(address, subprotocols=[SUBPROTOCOL]) as socket:  # type: ignore[list-item]
            await socket.send(serialise(hello))
            received = await asyncio.wait_for(socket.recv(decode=False), 30)
            assert isinstance(received, bytes)
            return parse(received)

    told = asyncio.run(answer())
    if goes_on:
        assert isinstance(told, Welcome)
    else:
        assert isinstance(told, End)
        assert told.code is EndCode.REFUSED
        assert "session-NA" in told.reason


def test_files_are_named_so_that_pandas_reads_the_names(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    names = session_names([str(tmp_path / f"{value}.mp4") for value in [*VALUES, *NAMES]])
    assert set(NAMES) <= set(names)
    for name in names:
        sample = Sample(id=1, session=name, seq=0, t=0.0, status=Status.NO_FACE)
        table = pandas.read_csv(io.StringIO(csv_header() + csv_row(sample)))
        assert table["session"].astype(str).tolist() == [name]
