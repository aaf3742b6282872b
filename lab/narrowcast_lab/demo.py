"""The demo: a decoder process, an encoder process, and the live drawing in this one."""

import asyncio
import contextlib
import logging
import subprocess
import tempfile
import webbrowser
from pathlib import Path
from typing import NamedTuple

from rich.console import Console

from narrowcast_client.terminal.watch import watch_session
from narrowcast_lab import processes
from narrowcast_shared.errors import NarrowcastError, SourceError
from narrowcast_shared.samples import Status

logger = logging.getLogger(__name__)

SESSION = "demo"

WHY_SKIPPED = (
    "skipped frames were not sent: under a cap, a few frames coded well are read better than all"
)


class DemoRequest(NamedTuple):
    """What to show, for how long, and the encoder's flags on what to send."""

    source: str
    seconds: float
    encoder_flags: tuple[str, ...]
    model: str
    opens_page: bool = False


def run(request: DemoRequest) -> None:
    """Show the demo and end everything that it started. Raises NarrowcastError."""
    console = Console(stderr=True)
    with tempfile.TemporaryDirectory(prefix="narrowcast-") as name:
        folder = Path(name)
        console.print("starting the decoder ...")
        with processes.decoder(folder, "--model", request.model) as url:
            console.print(f"live page, for {request.seconds:g} s: {url}/", highlight=False)
            _show(request, folder, url)
            _tell(console, url, capped=any(map(_is_cap, request.encoder_flags)))


def _show(request: DemoRequest, folder: Path, url: str) -> None:
    log = folder / "encoder.log"
    # The decoder is on loopback: the face is seen on the machine that the source is of.
    how = ("--loop", "--preview")
    arguments = ["encode", request.source, "--to", url, "--session", SESSION, *how]
    with processes.narrowcast([*arguments, *request.encoder_flags], log) as encoder:
        processes.wait_for_session(f"{url}/v1/sessions/{SESSION}", encoder, log)
        if request.opens_page and not webbrowser.open(f"{url}/"):
            logger.warning("no browser could be opened; the live page is %s/", url)
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(_watch(url, request.seconds, encoder))
        if encoder.poll():
            raise SourceError(f"the encoder ended early: {processes.last_line(log)}")


async def _watch(url: str, seconds: float, encoder: "subprocess.Popen[bytes]") -> None:
    """Draw until the time is over, or the encoder is gone."""
    watching = asyncio.create_task(watch_session(url, SESSION, stop_after_s=seconds))
    try:
        while not watching.done() and encoder.poll() is None:
            await asyncio.wait({watching}, timeout=processes.POLL_S)
        if watching.done():
            watching.result()
    finally:
        watching.cancel()
        await asyncio.wait({watching})


def _is_cap(flag: str) -> bool:
    return flag.startswith(("--cap", "--trace"))


def _tell(console: Console, url: str, *, capped: bool) -> None:
    """What was seen, in numbers, why frames were not sent, and where to go from here."""
    try:
        session = processes.get_json(f"{url}/v1/sessions/{SESSION}")
    except OSError as error:
        raise NarrowcastError(f"the decoder no longer answers ({error})") from None
    counts = session["by_status"]
    assert isinstance(counts, dict)
    told = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
    console.print(f"{session['samples']} frames: {told}")
    if capped and counts[Status.SKIPPED]:
        console.print(WHY_SKIPPED)
    console.print("next: `narrowcast serve` here, `narrowcast encode 0` on the camera's machine")
