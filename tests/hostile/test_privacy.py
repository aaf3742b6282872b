"""What of a face leaves the encoder, and what of it a decoder keeps."""

import asyncio
import urllib.error
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from narrowcast_lab import processes
from narrowcast_shared.codec import ChipEncoder, annexb, sps
from narrowcast_shared.codec.decode import ChipDecoder
from narrowcast_shared.operating_point import Rung
from narrowcast_shared.wire.messages import Capability, Data, Frame, FrameKind
from narrowcast_shared.wire.serial import parse

from ..faults.publisher import hello, publishing  # noqa: TID252 - the one there is
from ..faults.service import service  # noqa: TID252
from .guarded import Guarded, good_session
from .recording_proxy import Recording, recording

FRAMES = 15
WIRE_BYTES = 1500
WAIT_S = 90.0


@pytest.mark.parametrize("how", [["--cap", "256k"], ["--adapt"]], ids=" ".join)
def test_px_16_sends_nothing_finer(decoder: Guarded, tmp_path: Path, how: list[str]) -> None:
    """Read on the line, with plenty of room on it: every SPS, every rung, and every chip."""

    async def scenario(port: int) -> Recording:
        async with recording(port) as line:
            to = f"http://127.0.0.1:{line.port}"
            arguments = ["encode", "sample", "--loop", "--to", to, "--px", "16", *how]
            arguments += ["--session", good_session(), "--token-file", str(token)]
            with processes.narrowcast(arguments, tmp_path / "encoder.log") as encoder:
                async with asyncio.timeout(WAIT_S):
                    while sum(len(message) for message in line.messages()) < WIRE_BYTES:
                        assert encoder.poll() is None, (tmp_path / "encoder.log").read_text()
                        await asyncio.sleep(0.1)
                await asyncio.to_thread(processes.stop, encoder)
            return line

    token = tmp_path / "token"
    token.write_text(decoder.good)
    line = asyncio.run(scenario(decoder.port))
    sizes, chips = set(), 0
    contexts: dict[int, ChipDecoder] = {}
    for data in (m for m in map(parse, line.messages()) if isinstance(m, Data)):
        assert data.rung is None or data.rung.px == 16
        for frame in (f for f in data.frames if f.nals):
            sizes |= {sps.frame_size(n) for n in frame.nals if annexb.nal_type(n) == 7}
            context = contexts.setdefault(data.epoch, ChipDecoder(16))
            assert context.decode(frame.nals).shape == (16, 16)
            chips += 1
    assert sizes == {(16, 16)}
    assert chips >= FRAMES


@pytest.mark.parametrize("capability", [Capability.NONE, Capability.PREVIEW])
def test_no_pixel_is_stored_or_logged(tmp_path: Path, capability: Capability) -> None:
    """A pattern that nothing else looks like is published at the most talkative level. Neither it
    nor what it was coded as is in any file that the decoder has, also where it may be seen.
    """
    rng = np.random.default_rng(7)
    chips = [rng.integers(0, 256, (32, 32), dtype=np.uint8) for _ in range(25)]
    encoder = ChipEncoder(Rung(32, 20))
    units = [encoder.encode(chip) for chip in chips]
    seen = ChipDecoder(32)
    read = [seen.decode(unit.nals) for unit in units]
    faces: list[str] = []

    async def scenario(url: str) -> None:
        async with publishing(url, hello("private", capability)) as publisher:
            for unit in units:
                kind = FrameKind.KEYFRAME if unit.keyframe else FrameKind.DELTA
                await publisher.send([Frame(publisher.ticks(), kind, unit.nals)], Rung(32, 20))
                await asyncio.sleep(0.02)
            await publisher.until_acknowledged(len(units))
            with suppress(urllib.error.HTTPError):
                face = await asyncio.to_thread(
                    processes.get_json, f"{url}/v1/sessions/private/face"
                )
                faces.append(str(face["received"]))
            await publisher.finish()

    with service(tmp_path, arguments=["-vvv"]) as decoder:
        asyncio.run(scenario(decoder.url))
        kept = b"".join(path.read_bytes() for path in sorted(tmp_path.iterdir()))
    kept += b"".join(path.read_bytes() for path in sorted(tmp_path.iterdir()))
    assert b"private" in kept, "it was there"
    assert len(faces) == (capability is Capability.PREVIEW), "shown where that is allowed, and only"
    for face in faces:
        assert face[-64:].encode() not in kept
    rows = {bytes(row) for picture in (*chips, *read) for row in picture}
    coded = {bytes(nal[at : at + 16]) for unit in units for nal in unit.nals[-1:] for at in (8, 64)}
    for secret in rows | coded:
        assert len(secret) >= 16
        assert secret not in kept
        assert secret.hex().encode() not in kept
        assert repr(secret)[2:-1].encode() not in kept
