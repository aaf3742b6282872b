"""The face in a page's hands: real processes, from a clip to two pictures and back to none."""

import asyncio
import base64
import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from narrowcast_encoder.crop import ChipMaker
from narrowcast_encoder.detection import make_detector
from narrowcast_encoder.sources import open_source
from narrowcast_lab import processes
from narrowcast_shared.codec import ChipDecoder
from narrowcast_shared.operating_point import Rung
from narrowcast_shared.resample import resample
from narrowcast_shared.wire.messages import Capability, EndCode

from ..faults.publisher import RUNG as PUBLISHED  # noqa: TID252 - the one there is
from ..faults.publisher import clip, hello, publishing  # noqa: TID252

WAIT_S = 90.0
RUNG = Rung(48, 18)


class Answer(NamedTuple):
    status: int
    told: dict[str, Any]

    @property
    def kind(self) -> str:
        """Of a problem; else "face", or "none" where there is none just now."""
        if self.status == HTTPStatus.NOT_FOUND:
            return str(self.told["type"]).rpartition(":")[2]
        return "none" if self.status == HTTPStatus.NO_CONTENT else "face"


def ask(url: str, session: str) -> Answer:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{url}/v1/sessions/{session}/face", timeout=90) as answer:
            return Answer(answer.status, json.loads(answer.read() or "{}"))
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, json.load(error))


def until(url: str, session: str, kind: str) -> Answer:
    """Ask until the answer is of this kind."""
    deadline_s = time.monotonic() + WAIT_S
    while (answer := ask(url, session)).kind != kind:
        assert time.monotonic() < deadline_s, answer
        time.sleep(0.1)
    return answer


def may_be_seen(url: str, session: str) -> bool:
    """As the session says of itself."""
    told: Any = processes.get_json(f"{url}/v1/sessions/{session}")
    return bool(told["preview"])


def picture(data_url: str) -> NDArray[np.uint8]:
    png = base64.b64decode(data_url.removeprefix("data:image/png;base64,"), validate=True)
    found = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)
    return np.asarray(found, np.uint8)


def psnr_db(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> float:
    return float(10 * np.log10(255**2 / np.square(a.astype(float) - b).mean()))


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with processes.decoder(tmp_path_factory.mktemp("decoder")) as service:
        yield service


def sample_chips() -> list[NDArray[np.uint8]]:
    """What an encoder makes of the source `sample` before it is shrunk and coded."""
    maker = ChipMaker(make_detector("auto", None))
    with open_source("sample") as source:
        chips = [maker.chip(frame.image) for frame in source]
    return [chip for chip in chips if chip is not None]


def test_the_face_that_an_encoder_sends_is_seen_until_it_leaves(url: str, folder: Path) -> None:
    arguments = ["encode", "sample", "--loop", "--to", url, "--session", "seen"]
    arguments += ["--preview", "--px", str(RUNG.px), "--qp", str(RUNG.qp)]
    with processes.narrowcast(arguments, folder / "encoder.log") as encoder:
        processes.wait_for_session(f"{url}/v1/sessions/seen", encoder, folder / "encoder.log")
        first = until(url, "seen", "face").told
        assert may_be_seen(url, "seen")
        deadline_s = time.monotonic() + WAIT_S
        while (second := until(url, "seen", "face").told)["seq"] == first["seq"]:
            assert time.monotonic() < deadline_s
            time.sleep(0.1)
    assert (first["px"], first["qp"]) == RUNG
    assert second["seq"] > first["seq"]
    assert second["t"] > first["t"]
    sent = [resample(chip, RUNG.px) for chip in sample_chips()]
    for told in (first, second):
        received, restored = picture(told["received"]), picture(told["restored"])
        assert received.shape == (RUNG.px, RUNG.px)
        assert restored.shape == (48, 48)
        assert max(psnr_db(received, chip) for chip in sent) > 34
        assert max(psnr_db(restored, chip) for chip in sent) > 28
    assert "may see the face" in (folder / "encoder.log").read_text()
    until(url, "seen", "none")
    assert not may_be_seen(url, "seen")


def test_an_encoder_that_does_not_allow_it_is_not_seen(url: str, folder: Path) -> None:
    arguments = ["encode", "sample", "--loop", "--to", url, "--session", "unseen"]
    with processes.narrowcast(arguments, folder / "encoder.log") as encoder:
        processes.wait_for_session(f"{url}/v1/sessions/unseen", encoder, folder / "encoder.log")
        answer = until(url, "unseen", "preview-not-allowed")
        assert not may_be_seen(url, "unseen")
    assert answer.status == 404
    assert answer.told["title"] == "The publisher does not allow it"
    assert "may see the face" not in (folder / "encoder.log").read_text()


def test_who_takes_the_session_over_is_asked_anew(url: str) -> None:
    async def ask_soon(kind: str) -> Answer:
        return await asyncio.to_thread(until, url, "taken", kind)

    async def scenario() -> None:
        allowed = hello("taken", Capability.PREVIEW)
        async with publishing(url, allowed) as publisher:
            await ask_soon("none")
            await publisher.play(3)
            await publisher.until_acknowledged(3)
            told = (await ask_soon("face")).told
            units, decoder = clip(), ChipDecoder(PUBLISHED.px)
            chips = [decoder.decode(unit.nals) for unit in units[: told["seq"] + 1]]
            assert np.array_equal(picture(told["received"]), chips[-1])
            async with publishing(url, hello("taken")) as other:
                assert (await publisher.ended()).code is EndCode.REPLACED
                await ask_soon("preview-not-allowed")
                await other.play(3)
                await other.until_acknowledged(other.seq)
                assert ask(url, "taken").kind == "preview-not-allowed"
                await other.finish()
        await ask_soon("none")

    asyncio.run(scenario())


def test_a_decoder_that_was_told_so_shows_nothing(folder: Path) -> None:
    async def scenario(url: str) -> None:
        async with publishing(url, hello("cam", Capability.PREVIEW)) as publisher:
            await publisher.play(3)
            await publisher.until_acknowledged(3)
            answer = await asyncio.to_thread(ask, url, "cam")
            assert (answer.status, answer.kind) == (404, "preview-off")
            assert not await asyncio.to_thread(may_be_seen, url, "cam")
            await publisher.finish()

    with processes.decoder(folder, "--no-preview") as url:
        asyncio.run(scenario(url))
