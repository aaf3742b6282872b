"""Whose face may be seen: the publisher's that is connected, if it allows that, and no longer."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from narrowcast_decoder.hub import Hub
from narrowcast_decoder.ingest.registry import Claim, Registry
from narrowcast_decoder.preview.maker import Face, FaceMaker
from narrowcast_decoder.preview.previews import NoFace, Previews
from narrowcast_decoder.preview.restorer import Restorer
from narrowcast_decoder.store.sqlite import SqliteStore
from narrowcast_models.recogniser import Recogniser
from narrowcast_shared.clock import ManualClock
from narrowcast_shared.errors import WeightsError
from narrowcast_shared.wire.messages import Capability, Hello

from .faces import frames

HELLO = Hello("cam", b"12345678", 0, 200, Capability.CLOCK | Capability.BACKFILL)
ALLOWED = HELLO._replace(capabilities=HELLO.capabilities | Capability.PREVIEW)

Scenario = Callable[[Registry, Previews], Awaitable[None]]


def no_pictures() -> Recogniser:
    raise WeightsError("this model makes no pictures")


def run(tmp_path: Path, scenario: Scenario, *, previews: bool = True) -> None:
    async def main() -> None:
        store, maker = (
            await SqliteStore.open(tmp_path / "s.sqlite"),
            FaceMaker(Restorer(no_pictures)),
        )
        registry = Registry(store, Hub(), ManualClock(), previews=previews)
        try:
            async with asyncio.timeout(90):
                await scenario(registry, Previews(registry, maker))
        finally:
            maker.close()
            await store.close()

    asyncio.run(main())


def test_a_publisher_that_allows_it_is_seen_until_it_leaves(tmp_path: Path) -> None:
    async def scenario(registry: Registry, previews: Previews) -> None:
        assert await previews.face("cam") is NoFace.NOT_PUBLISHED
        claim = await registry.claim(ALLOWED)
        assert await previews.face("cam") is NoFace.NOT_YET
        assert claim.preview is not None
        claim.preview.decode(frames(1)[0])
        face = await previews.face("cam")
        assert isinstance(face, Face)
        assert (face.seq, face.px, face.restored) == (0, 16, None)
        await registry.release(claim, finished=False)
        assert await previews.face("cam") is NoFace.NOT_PUBLISHED

    run(tmp_path, scenario)


def test_its_face_may_be_seen_while_it_is_published_and_allowed(tmp_path: Path) -> None:
    async def scenario(registry: Registry, previews: Previews) -> None:
        assert not previews.allows("cam")
        claim = await registry.claim(ALLOWED)
        assert previews.allows("cam")
        assert not previews.allows("other")
        other = await registry.claim(HELLO)
        assert not previews.allows("cam"), "the newest one is asked"
        await registry.release(claim, finished=False)
        await registry.release(other, finished=False)
        await registry.release(await registry.claim(ALLOWED), finished=True)
        assert not previews.allows("cam")

    run(tmp_path, scenario)


def test_who_leaves_is_not_elsewhere_while_what_it_sent_is_stored(tmp_path: Path) -> None:
    async def scenario(registry: Registry, previews: Previews) -> None:
        claim = await registry.claim(ALLOWED)
        claim.session.pending += 1  # a sample that the store does not have yet
        leaving = asyncio.create_task(registry.release(claim, finished=True))
        await asyncio.sleep(0)
        assert not leaving.done()
        assert await previews.face("cam") is NoFace.LEAVING
        assert not previews.allows("cam")
        claim.session.pending = 0
        claim.session.progress.set()
        await leaving
        assert await previews.face("cam") is NoFace.NOT_PUBLISHED

    run(tmp_path, scenario)


def test_without_permission_there_is_nothing_that_a_chip_could_be_kept_in(tmp_path: Path) -> None:
    async def scenario(registry: Registry, previews: Previews) -> None:
        claim = await registry.claim(HELLO)
        assert claim.preview is None
        assert await previews.face("cam") is NoFace.NOT_ALLOWED

    run(tmp_path, scenario)


def test_a_decoder_that_shows_none_keeps_none(tmp_path: Path) -> None:
    async def scenario(registry: Registry, _: Previews) -> None:
        assert (await registry.claim(ALLOWED)).preview is None

    run(tmp_path, scenario, previews=False)


def test_a_new_publisher_is_asked_anew(tmp_path: Path) -> None:
    async def scenario(registry: Registry, previews: Previews) -> None:
        allowed = await registry.claim(ALLOWED)
        assert allowed.preview is not None
        allowed.preview.decode(frames(1)[0])
        await registry.claim(HELLO)
        assert await previews.face("cam") is NoFace.NOT_ALLOWED
        allowed.preview.decode(frames(1)[0])  # the worker was still at it
        assert await previews.face("cam") is NoFace.NOT_ALLOWED
        again = await registry.claim(ALLOWED)
        assert await previews.face("cam") is NoFace.NOT_YET, "not the face of the one before"
        await registry.release(allowed, finished=False)  # it has heard by now that it is replaced
        assert again.preview is not None
        again.preview.decode(frames(1)[0])
        assert isinstance(await previews.face("cam"), Face)

    run(tmp_path, scenario)


def test_who_is_replaced_while_its_face_is_made_is_not_seen_any_more(tmp_path: Path) -> None:
    async def scenario(registry: Registry, previews: Previews) -> None:
        claim = await registry.claim(ALLOWED)
        assert claim.preview is not None
        claim.preview.decode(frames(1)[0])
        asked = asyncio.create_task(previews.face("cam"))
        await asyncio.sleep(0)
        assert not asked.done()
        registry._claims["cam"] = Claim(claim.session)  # what a claim comes to, at this moment
        assert await asked is NoFace.NOT_ALLOWED

    run(tmp_path, scenario)
