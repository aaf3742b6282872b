"""A disk that is full, a database that somebody locks, a disk that fails: nothing told is lost."""

import asyncio
import errno
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, AsyncExitStack, ExitStack, contextmanager
from pathlib import Path

import pytest

from narrowcast_lab import processes
from narrowcast_shared.close_codes import CloseCode
from narrowcast_shared.samples import Status
from narrowcast_shared.wire.messages import EndCode, Hello

from .beside import going_on
from .publisher import Publisher, hello, publishing
from .series import check, nothing_is_lost, read
from .service import STORE, Service, service, soon

DISK = "2m"
STOP_S = 30.0
HELD_S = 1.0
"""How long the fault stays once it is noticed."""

WAITING = 'narrowcast_store_condition{condition="waiting"}'
LATE_MS = 60_000
"""All wait for the store; that is the promise."""

LOCK = """
import sqlite3, sys
store = sqlite3.connect(sys.argv[1], isolation_level=None)
store.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def own_decoder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One whose store fails in several ways, and works again after each."""
    with service(tmp_path_factory.mktemp("store")) as running:
        yield running


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of its own with little room, where this process may make one."""
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "narrowcast-test", str(folder)],
        capture_output=True,
        check=False,
        text=True,
    )
    if mounted.returncode:
        pytest.skip(f"no file system of two megabytes can be mounted: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@contextmanager
def full(store: Path) -> Iterator[None]:
    """Somebody else fills the disk."""
    filler = store.with_name("filler")
    try:
        with filler.open("wb", buffering=0) as file:
            fill(file.write)
        yield
    finally:
        filler.unlink()


def fill(write: Callable[[bytes], int | None]) -> None:
    try:
        while True:
            write(bytes(4096))
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise


@contextmanager
def locked(store: Path) -> Iterator[None]:
    """Another process holds the database."""
    command = [sys.executable, "-c", LOCK, str(store)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stdout.readline() == b"locked\n"
        try:
            yield
        finally:
            child.stdin.close()


async def nothing_is_told_meanwhile(decoder: Service, publishers: list[Publisher]) -> None:
    """What is acknowledged stands still, and can be read all the time."""
    await asyncio.sleep(0.2)  # reports that are on their way
    told = [publisher.acknowledged for publisher in publishers]
    await asyncio.sleep(HELD_S)
    assert [publisher.acknowledged for publisher in publishers] == told
    for publisher, frames in zip(publishers, told, strict=True):
        _, samples = await asyncio.to_thread(read, decoder.url, publisher.greeting.session)
        assert len(samples) >= frames >= 5


Fault = Callable[[Path], AbstractContextManager[None]]


@pytest.mark.parametrize("fault", [full, locked])
def test_a_store_that_cannot_be_written_for_a_while_loses_nothing(
    folder: Path, fault: Fault
) -> None:
    """1. Two publish. 2. Writes fail, /readyz says so. 3. They work again, and all is there."""

    async def scenario(decoder: Service) -> None:
        async with AsyncExitStack() as stack:
            publishers = [
                await stack.enter_async_context(going_on(decoder.url, name, late_ms=LATE_MS))
                for name in ("one", "two")
            ]
            for publisher in publishers:
                await publisher.until_acknowledged(5)
            with fault(decoder.store):
                await soon(lambda: decoder.count(WAITING) == 1, "samples wait")
                assert await asyncio.to_thread(decoder.readiness) == 503
                await nothing_is_told_meanwhile(decoder, publishers)
                assert decoder.process.poll() is None
            await soon(lambda: decoder.readiness() == 200, "it is ready again")
            for publisher in publishers:
                await publisher.until_acknowledged(publisher.seq)

    with ExitStack() as stack:
        place = stack.enter_context(small_disk(folder / "disk")) if fault is full else folder
        decoder = stack.enter_context(service(folder, store=place / STORE))
        asyncio.run(scenario(decoder))
        decoder.is_well()
    log = decoder.log.read_text()
    assert "samples wait for the store" in log
    assert "the store works again" in log


@contextmanager
def no_file_grows(decoder: Service) -> Iterator[None]:
    """Writes beyond the first pages of a file fail, as on a disk that is broken there."""
    _, hard = resource.prlimit(decoder.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(decoder.process.pid, resource.RLIMIT_FSIZE, (8192, hard))
    try:
        yield
    finally:
        resource.prlimit(decoder.process.pid, resource.RLIMIT_FSIZE, (hard, hard))


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="Linux sets other processes' limits")
def test_a_store_that_fails_for_good_sends_publishers_away_until_it_works(
    own_decoder: Service,
) -> None:
    """1. Two publish. 2. Writes fail: both are told. 3. The disk works again, and they go on."""
    greetings = [hello("one"), hello("two")]

    decoder = own_decoder

    async def are_sent_away() -> list[int]:
        async with AsyncExitStack() as stack:
            publishers = [
                await stack.enter_async_context(publishing(decoder.url, each)) for each in greetings
            ]
            for publisher in publishers:
                await publisher.play(10)
                await publisher.until_acknowledged(10)
            with no_file_grows(decoder):
                for publisher in publishers:
                    await publisher.play(1)
                ends = [await publisher.ended() for publisher in publishers]
                assert await asyncio.to_thread(decoder.readiness) == 503
            assert {end.code for end in ends} == {EndCode.FAULT}
            assert {each.socket.close_code for each in publishers} == {CloseCode.FAULT}
            return [end.next_seq for end in ends]

    async def comes_back(greeting: Hello, stored: int) -> None:
        async with publishing(decoder.url, greeting) as publisher:
            assert publisher.seq == stored
            await publisher.play(10)
            await publisher.finish()

    told = asyncio.run(are_sent_away())
    asyncio.run(soon(lambda: decoder.readiness() == 200, "it is ready again"))
    for greeting, frames in zip(greetings, told, strict=True):
        asyncio.run(comes_back(greeting, frames))
        state, samples = read(decoder.url, greeting.session)
        assert state == "ended"
        assert len(samples) == frames + 10 >= 20
        nothing_is_lost(samples)
    decoder.is_well()


def test_an_encoder_that_ends_while_the_store_is_locked_ends_in_time(
    own_decoder: Service, folder: Path
) -> None:
    """It does not wait for ever, and its session is ended once the store takes it."""
    decoder = own_decoder
    arguments = ["encode", "sample", "--loop", "--session", "cam", "--to", decoder.url]
    with processes.narrowcast(arguments, folder / "encoder.log") as encoder:
        asyncio.run(soon(lambda: decoder.samples("cam") >= 20, "frames come"))
        with locked(decoder.store):
            encoder.terminate()
            assert encoder.wait(STOP_S) == 0
            assert decoder.state("cam") != "ended"
        asyncio.run(soon(lambda: decoder.state("cam") == "ended", "the end is stored"))
    _, samples = read(decoder.url, "cam")
    check(samples)
    assert Status.LOST not in {sample.status for sample in samples}
