"""`narrowcast watch` while the decoder is away: viewers are as patient as encoders."""

import asyncio
import sys

from narrowcast_client.commands.watch import watch
from narrowcast_encoder.commands.encode import encode

from .scripted_decoder import Plan, ScriptedDecoder

WATCH = [sys.executable, "-m", "narrowcast_shared", "watch"]
LONG_S = 60.0


def test_viewers_have_the_patience_of_encoders() -> None:
    theirs, ours = (
        next(option for option in command.params if option.name == "patience_s")
        for command in (encode, watch)
    )
    assert (ours.default, ours.help) == (theirs.default, theirs.help)


def test_patience_is_for_an_outage_too() -> None:
    async def run() -> tuple[int | None, bytes]:
        pipe = asyncio.subprocess.PIPE
        async with ScriptedDecoder(Plan(5, "abort")).listening() as decoder:
            words_ = [*WATCH, "--json", "--patience", "500ms", "--decoder", decoder.url]
            process = await asyncio.create_subprocess_exec(*words_, stdout=pipe, stderr=pipe)
            assert process.stdout is not None
            await process.stdout.readline()
        async with asyncio.timeout(60):  # the old outage was given 5 minutes
            _, err = await process.communicate()
        return process.returncode, err

    status, err = asyncio.run(run())
    assert status == 1
    assert b"nothing listens at" in err


def test_a_decoder_that_comes_later_is_waited_for() -> None:
    async def run() -> tuple[int | None, bytes, bytes]:
        pipe = asyncio.subprocess.PIPE
        decoder = ScriptedDecoder(Plan(30))
        async with decoder.listening():
            pass  # its port is known, and nobody listens there
        words = [*WATCH, "cam-1", "--json", "--decoder", decoder.url]
        process = await asyncio.create_subprocess_exec(*words, stdout=pipe, stderr=pipe)
        assert process.stderr is not None
        told = await asyncio.wait_for(process.stderr.readline(), LONG_S)
        async with decoder.listening():
            out, _ = await asyncio.wait_for(process.communicate(), LONG_S)
        return process.returncode, out, told

    status, out, told = asyncio.run(run())
    assert (status, len(out.splitlines())) == (0, 30)
    assert told.endswith(b"; trying again\n")
