"""The face over HTTP: two pictures where they may be seen, and elsewhere why not."""

import base64
import re
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import cv2
import httpx
import numpy as np
import pytest
from numpy.typing import NDArray

from narrowcast_decoder.api import face as api_face
from narrowcast_decoder.preview.maker import Face
from narrowcast_decoder.preview.png import encode_png
from narrowcast_decoder.preview.previews import NoFace, Previews
from narrowcast_decoder.service import Service
from narrowcast_shared.samples import Sample

Series = Callable[..., list[Sample]]
Serve = Callable[[Callable[[Any], Awaitable[None]]], None]

RECEIVED = np.arange(16 * 16, dtype=np.uint8).reshape(16, 16)
RESTORED = np.kron(RECEIVED, np.ones((3, 3), np.uint8))
FACE = Face(12, 1767225600.48, 16, 30, encode_png(RECEIVED), encode_png(RESTORED))


class Running(Protocol):
    """As conftest.py has it."""

    service: Service
    client: httpx.AsyncClient
    live: set[str]

    async def publish(self, samples: list[Sample]) -> None: ...


class Told(Previews):
    """Says what a test wants said."""

    def __init__(self, answer: Face | NoFace) -> None:
        self._answer = answer

    def allows(self, session: str) -> bool:
        return session == "a"

    async def face(self, session: str) -> Face | NoFace:
        assert session == "a"
        return self._answer


def show(running: Running, answer: Face | NoFace | None) -> None:
    previews = None if answer is None else Told(answer)
    object.__setattr__(running.service, "previews", previews)


def picture(data_url: str) -> NDArray[np.uint8]:
    head, _, data = data_url.partition(",")
    assert head == "data:image/png;base64"
    png = np.frombuffer(base64.b64decode(data, validate=True), np.uint8)
    return np.asarray(cv2.imdecode(png, cv2.IMREAD_UNCHANGED), np.uint8)


def test_both_pictures_and_the_frame_they_are_of(serve: Serve) -> None:
    async def scenario(running: Running) -> None:
        show(running, FACE)
        answer = await running.client.get("/v1/sessions/a/face")
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "no-store"
        told = answer.json()
        assert list(told) == ["seq", "t", "px", "qp", "received", "restored"]
        assert (told["seq"], told["t"], told["px"], told["qp"]) == FACE[:4]
        assert np.array_equal(picture(told["received"]), RECEIVED)
        assert np.array_equal(picture(told["restored"]), RESTORED)
        show(running, FACE._replace(restored=None))
        told = (await running.client.get("/v1/sessions/a/face")).json()
        assert told["restored"] is None
        assert np.array_equal(picture(told["received"]), RECEIVED)

    serve(scenario)


@pytest.mark.parametrize(
    ("answer", "kind", "title"),
    [
        (None, "preview-off", "Previews are off"),
        (NoFace.NOT_ALLOWED, "preview-not-allowed", "The publisher does not allow it"),
    ],
)
def test_why_there_is_none(serve: Serve, answer: NoFace | None, kind: str, title: str) -> None:
    async def scenario(running: Running) -> None:
        show(running, answer)
        refused = await running.client.get("/v1/sessions/a/face")
        assert_problem(refused, kind, title)

    serve(scenario)


@pytest.mark.parametrize("answer", [NoFace.NOT_YET, NoFace.LEAVING])
def test_none_now_is_no_error(serve: Serve, answer: NoFace) -> None:
    async def scenario(running: Running) -> None:
        show(running, answer)
        assert_nothing(await running.client.get("/v1/sessions/a/face"))

    serve(scenario)


def test_sessions_that_nobody_publishes_here(serve: Serve, series: Series) -> None:
    async def scenario(running: Running) -> None:
        show(running, NoFace.NOT_PUBLISHED)
        unknown = await running.client.get("/v1/sessions/a/face")
        assert unknown.status_code == 404
        assert unknown.json()["title"] == "Unknown session"
        # Of a series that was only stored, and of one that another decoder's publisher has begun.
        await running.publish(series("a", 3))
        assert_nothing(await running.client.get("/v1/sessions/a/face"))
        await running.service.store.note_started("a", 1e9)
        assert_problem(
            await running.client.get("/v1/sessions/a/face"),
            "session-elsewhere",
            "The session is not published at this decoder",
        )

    serve(scenario)


def test_a_session_says_whether_its_face_may_be_seen(serve: Serve, series: Series) -> None:
    async def scenario(running: Running) -> None:
        for session in ("a", "b"):
            await running.service.store.append(series(session, 3))
        for previews, expected in ((NoFace.NOT_YET, True), (None, False)):
            show(running, previews)
            listed = (await running.client.get("/v1/sessions")).json()["sessions"]
            told = {each["session"]: each["preview"] for each in listed}
            assert told == {"a": expected, "b": False}
            for each in listed:
                one = await running.client.get(f"/v1/sessions/{each['session']}")
                assert one.json() == each

    serve(scenario)


def assert_nothing(answer: httpx.Response) -> None:
    assert answer.status_code == 204
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.content == b""


def assert_problem(answer: httpx.Response, kind: str, title: str) -> None:
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-store"
    problem = answer.json()
    assert problem["type"] == f"urn:narrowcast:problem:{kind}"
    assert problem["title"] == title
    assert problem["instance"] == "/v1/sessions/a/face"
    assert "{" not in problem["detail"]


def test_the_description_names_every_reason() -> None:
    kinds = re.findall(r"`([a-z-]+)`", api_face._DESCRIBED)
    assert set(kinds) == {"type", "preview-off", "preview-not-allowed", "session-elsewhere"}
