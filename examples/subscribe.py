"""Follow a session's valence from Python.

    python examples/subscribe.py [URL] [SESSION]

Without SESSION it takes the newest live one. Needs a decoder (`narrowcast serve`) and somebody
who publishes to it (`narrowcast encode sample`).
"""

import asyncio
import os
import sys

from narrowcast_client import subscribe
from narrowcast_shared.errors import NarrowcastError


async def follow(url: str, session: str | None) -> None:
    """Write each sample's capture time, valence and what became of its frame."""
    async for sample in subscribe(url, session):
        valence = "  -  " if sample.valence is None else f"{sample.valence:+.2f}"
        sys.stdout.write(f"{sample.t:.3f}  {valence}  {sample.status}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    given_url, given_session = [*sys.argv[1:], None, None][:2]
    try:
        asyncio.run(follow(given_url or "http://127.0.0.1:8000", given_session))
    except NarrowcastError as error:
        sys.exit(f"{error}")
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # whoever reads it, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is left goes nowhere
        sys.exit(1)
