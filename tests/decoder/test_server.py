"""The service as a whole: what ends it, and how soon."""

import asyncio
import signal
import sqlite3
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from websockets.asyncio.client import ClientConnection, connect

from narrowcast_decoder import server
from narrowcast_decoder.security.assembly import assemble
from narrowcast_decoder.settings import DecoderSettings
from narrowcast_lab import processes
from narrowcast_models import model_card
from narrowcast_models.networks.one_for_all import OneForAll, OneForAllConfig
from narrowcast_models.recogniser.torch_backend import TorchRecogniser
from narrowcast_shared.clock import SystemClock
from narrowcast_shared.wire import SUBPROTOCOL
from narrowcast_shared.wire.messages import Data, Frame, FrameKind, Hello
from narrowcast_shared.wire.serial import serialise

NO_FACE = serialise(Data(0, 0, (Frame(0, FrameKind.NO_FACE),)))


def dial(port: int) -> connect:
    url = f"ws://127.0.0.1:{port}/v1/publish"
    return connect(url, subprotocols=[SUBPROTOCOL], proxy=None)  # type: ignore[list-item]


async def greet(publisher: ClientConnection) -> None:
    await publisher.send(serialise(Hello("cam", b"12345678", 0, 200)))
    await publisher.recv()


async def publish_a_frame(port: int) -> None:
    async with dial(port) as publisher:
        await greet(publisher)
        await publisher.send(NO_FACE)
        await publisher.wait_closed()


def test_a_pipeline_that_fails_ends_the_service_with_its_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise it would take frames for ever and store none, and look healthy."""

    def fail(*_: object) -> None:
        raise TypeError("frames of a kind that nobody thought of")

    monkeypatch.setattr("narrowcast_decoder.inference.reader.FrameReader.read", fail)

    async def scenario() -> None:
        settings = DecoderSettings(port=0, store=tmp_path / "s.sqlite")
        security = assemble(settings, settings.host, SystemClock())
        listener = server._listen(settings, security)
        port = listener.getsockname()[1]
        recogniser = TorchRecogniser(OneForAll(OneForAllConfig(widths=(8, 8, 8), blocks=(1, 1, 1))))
        serving = asyncio.create_task(server._serve(settings, listener, recogniser, security))
        await asyncio.sleep(0.2)
        await publish_a_frame(port)
        await asyncio.wait_for(serving, 90)

    with pytest.raises(TypeError, match="nobody thought of"):
        asyncio.run(scenario())


def test_a_session_is_noted_with_the_weights_that_are_loaded(tmp_path: Path) -> None:
    path, card = model_card.find("oa")
    with processes.decoder(tmp_path, "--model", str(path)) as url:

        async def scenario() -> None:
            async with dial(urlsplit(url).port or 0) as publisher:
                await greet(publisher)
                session = processes.get_json(f"{url}/v1/sessions/cam")
                assert (session["model"], session["model_sha256"]) == (str(path), card.sha256)

        asyncio.run(scenario())
        assert processes.get_json(f"{url}/healthz")["model_sha256"] == card.sha256


def test_a_store_that_is_locked_does_not_hold_up_the_end(tmp_path: Path) -> None:
    with processes.decoder(tmp_path) as url:
        service = processes.children()[-1]
        lock = sqlite3.connect(tmp_path / "series.sqlite", isolation_level=None)

        async def scenario() -> None:
            async with dial(urlsplit(url).port or 0) as publisher:
                await greet(publisher)
                lock.execute("BEGIN EXCLUSIVE")
                await publisher.send(NO_FACE)
                await asyncio.sleep(0.5)
                service.send_signal(signal.SIGTERM)
                assert await asyncio.to_thread(service.wait, 90) == 0

        asyncio.run(scenario())
        lock.close()
