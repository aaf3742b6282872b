"""Subscribers that leave early, and requests that wait for a decoder."""

import asyncio
import sys
from asyncio.subprocess import PIPE
from functools import partial

import pytest

from narrowcast_client import subscribe
from narrowcast_client.api import get_session, retry_while_unreachable
from narrowcast_shared.remote.address import parse_address
from narrowcast_shared.remote.refusals import UnreachableError

from .scripted_decoder import Plan, ScriptedDecoder

LEFT_EARLY = """
import asyncio, sys
from narrowcast_client import subscribe

async def main():
    async for sample in subscribe(sys.argv[1], session="cam-1"):
        print(sample.id, flush=True)
        break
    await asyncio.sleep(float(sys.argv[2]))

asyncio.run(main())
"""


@pytest.mark.parametrize("lasts_s", ["-1", "0", "1"])
def test_a_loop_may_be_left_early_and_nothing_is_said(lasts_s: str) -> None:
    async def run() -> tuple[bytes, bytes]:
        async with ScriptedDecoder(Plan(30, None)).listening() as decoder:
            command = [sys.executable, "-W", "always", "-c", LEFT_EARLY, decoder.url, lasts_s]
            program = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=PIPE)
            return await asyncio.wait_for(program.communicate(), 60)

    assert asyncio.run(run()) == (b"1\n", b"")


def test_who_left_early_has_hung_up() -> None:
    async def run() -> int:
        decoder = ScriptedDecoder(Plan(30, None))
        async with decoder.listening():
            async for sample in subscribe(decoder.url, "cam-1"):
                first = sample.id
                break
            async with asyncio.timeout(20):
                await decoder.left.wait()
            return first

    assert asyncio.run(run()) == 1


def test_a_request_is_made_again_while_nobody_answers() -> None:
    async def run() -> str:
        decoder = ScriptedDecoder(Plan(30))
        async with decoder.listening():
            pass  # its port is known, and nobody listens there
        ask = partial(get_session, parse_address(decoder.url), "cam-1")
        with pytest.raises(UnreachableError):
            await retry_while_unreachable(ask, 0.3)
        asking = asyncio.create_task(retry_while_unreachable(ask, 60))
        await asyncio.wait({asking}, timeout=0.3)
        async with decoder.listening():
            return (await asking).session

    assert asyncio.run(run()) == "cam-1"
