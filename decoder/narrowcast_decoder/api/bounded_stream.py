"""A streamed response that no client can keep waiting, and no fault makes look complete."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing

from starlette.responses import StreamingResponse
from starlette.types import Message, Send

from narrowcast_shared.errors import StoreError, UnknownSessionError

_log = logging.getLogger(__name__)


class BoundedStream(StreamingResponse):
    """Sends what `chunks` yields, and gives up on a client that takes nothing for `send_s`.

    Nothing piles up meanwhile: the next chunk is asked for when the last one is on its way.
    A stream given up, like one that the store fails, is left without HTTP's end of message,
    so that nobody takes it for the whole.
    """

    def __init__(
        self,
        chunks: AsyncGenerator[str, None],
        send_s: float,
        media_type: str,
        headers: Mapping[str, str],
    ) -> None:
        super().__init__(chunks, media_type=media_type, headers=headers)
        self._chunks = chunks
        self._send_s = send_s

    async def stream_response(self, send: Send) -> None:
        async def send_in_time(message: Message) -> None:
            async with asyncio.timeout(self._send_s):
                await send(message)

        try:
            async with aclosing(self._chunks):
                await super().stream_response(send_in_time)
        except TimeoutError:
            _log.warning("a client took nothing for %g s and is cut off", self._send_s)
        except StoreError as error:
            _log.error("a stream ends early: %s", error)
        except UnknownSessionError as error:  # deleted since: who asks again is told so
            _log.info("a stream ends early: %s", error)
