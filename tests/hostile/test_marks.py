"""Marks that nobody asked for: by those without the right, by other pages, too large."""

import asyncio
import json

from narrowcast_client.api import get_marks

from ..faults.beside import going_on  # noqa: TID252 - the one there is
from .guarded import Answer, Guarded, ask, good_session, hear, knock, source

SIZE_BYTES = 20_000


def test_only_who_may_annotate_marks_a_session(decoder: Guarded, tried: list[str]) -> None:
    """Who may publish or read it may not, nor may a page of somebody else's."""
    session = good_session()
    path = f"/v1/sessions/{session}/marks"
    cases = [
        (decoder.good, [], Answer(403, "not-allowed")),
        (decoder.reader, [], Answer(403, "not-allowed")),
        (decoder.camera, [], Answer(403, "not-allowed")),
        (decoder.expired, [], Answer(401, "wrong-token")),
        (None, [], Answer(401, "no-token")),
        (decoder.good, ["Origin: http://evil.example"], Answer(403, "wrong-origin")),
        (decoder.good, [f"Content-Length: {SIZE_BYTES}"], Answer(413, "too-large")),
    ]

    def try_all() -> None:
        address = source()
        for secret, headers, expected in cases:
            for way in (path, f"{path}?t=1", path.replace("marks", "%6darks")):
                answer = ask(decoder, way, address, secret, "POST", headers)
                assert answer[:2] == expected[:2], (way, headers)
                tried.append(f"{way} {headers}")
            assert hear(knock(decoder, posted(decoder, path, secret), address)).status >= 400

    async def scenario() -> None:
        async with going_on(decoder.at(decoder.good), session):
            await asyncio.to_thread(try_all)
            assert await get_marks(decoder.at(decoder.good), session) == []

    asyncio.run(scenario())


def posted(decoder: Guarded, path: str, secret: str | None) -> bytes:
    """A mark as it should be, but for the right to set it."""
    body = json.dumps({"text": "forged", "t": 1.0})
    lines = [
        f"POST {path} HTTP/1.1",
        f"Host: {decoder.authority}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        *([] if secret is None else [f"Authorization: Bearer {secret}"]),
        "",
        body,
    ]
    return "\r\n".join(lines).encode()
