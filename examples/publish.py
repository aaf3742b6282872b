"""Publish frames of your own from Python.

    python examples/publish.py [URL] [SESSION]

Needs a decoder (`narrowcast serve`). The frames here are those of the source `sample`.
"""

import asyncio
import sys
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from narrowcast_encoder.client import publish
from narrowcast_encoder.sources import open_source
from narrowcast_shared.errors import NarrowcastError

FPS = 25


def images() -> Iterator[NDArray[np.uint8]]:
    """Your own capture goes here: uint8 [H, W, 3], BGR."""
    with open_source("sample") as faces:
        for frame in faces:
            yield frame.image


async def send(url: str, session: str | None) -> None:
    """Give each image to the encoder when it is there; the session ends with the last one."""
    mine = images()
    async with publish(url, session) as encoder:
        sys.stdout.write(f"publishing as session {encoder.session}\n")
        while (image := await asyncio.to_thread(next, mine, None)) is not None:
            await encoder.frame(image)
            await asyncio.sleep(1 / FPS)  # a camera has one wait by itself


if __name__ == "__main__":
    given_url, given_session = [*sys.argv[1:], None, None][:2]
    try:
        asyncio.run(send(given_url or "http://127.0.0.1:8000", given_session))
    except NarrowcastError as error:
        sys.exit(f"{error}")
    except KeyboardInterrupt:
        sys.exit(130)
