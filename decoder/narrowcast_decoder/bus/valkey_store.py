"""A store on Valkey or Redis Streams, which several decoders share (docs/scale.md)."""

import heapq
import itertools
import secrets
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Self

from narrowcast_decoder.bus import encoding, keys, server, spans
from narrowcast_decoder.bus.address import BusAddress
from narrowcast_decoder.bus.client import BusClient
from narrowcast_decoder.bus.rows import Row
from narrowcast_decoder.store import conflicts
from narrowcast_decoder.store.interface import (
    DEFAULT_PAGE,
    NO_HOLDS,
    HoldLostError,
    IdSpan,
    MarksFullError,
    SeqGap,
    SeriesConflictError,
    SessionSummary,
    Usage,
)
from narrowcast_shared.clock import Clock, SystemClock
from narrowcast_shared.errors import StoreError, UnknownSessionError
from narrowcast_shared.marks import MAX_MARKS, Mark
from narrowcast_shared.model_name import UNKNOWN_MODEL, ModelName
from narrowcast_shared.samples import Sample

LIFE_MS = 6_000
"""A decoder that has given no sign of life for so long has no publishers, for all that is known."""

BATCH = 1000
"""Samples that one call deletes, and sessions that one round trip asks for."""

_CHECK_MS = 60_000

_DELETED_MS = 3_600_000
"""Who publishes a session that was deleted so long ago, and has not heard of it, begins it anew."""

_US_PER_S = 1_000_000


class ValkeyStore:
    """A `SampleStore`. Each has a name of its own, by which the others know its publishers."""

    def __init__(self, client: BusClient, clock: Clock, model: ModelName) -> None:
        self.decoder = secrets.token_hex(8)
        self.client = client
        self._clock = clock
        self._model = model
        self._database = client.address.database

    @classmethod
    async def open(
        cls, address: BusAddress, *, model: ModelName = UNKNOWN_MODEL, clock: Clock | None = None
    ) -> Self:
        """The series on the bus at `address`.

        model: what the samples that are appended are read with; noted with each session.

        Raises StoreError where the bus cannot be reached or cannot carry series.
        """
        client = BusClient(address)
        try:
            await server.check(client)
        except BaseException:
            await client.close()
            raise
        return cls(client, clock or SystemClock(), model)

    async def append(self, samples: Sequence[Sample], holds: Mapping[str, int] = NO_HOLDS) -> None:
        by_session: dict[str, list[Sample]] = defaultdict(list)
        for sample in samples:
            by_session[sample.session].append(sample)
        touched = [keys.OPEN, keys.ENDED, keys.TOTALS]
        arguments: list[str | int] = [self._now_s(), spans.BLOCK]
        for session, series in by_session.items():
            touched += (
                keys.row(session),
                keys.stream(session),
                keys.times(session),
                keys.deleted(session),
            )
            channel = keys.channel(self._database, session)
            arguments += (session, channel, holds.get(session, ""), len(series))
            for sample in series:
                arguments += (sample.id, sample.seq, repr(sample.t), encoding.entry(sample))
        told = await self.client.script("append", touched, arguments)
        if told != [b"ok"]:
            raise _refusal(*(part.decode() for part in told))

    async def read(
        self, session: str, after_id: int = 0, limit: int = DEFAULT_PAGE
    ) -> list[Sample]:
        entries = await spans.entries(self.client, session, after_id + 1, "+", limit)
        return encoding.samples(session, entries)

    async def span(self, session: str, from_t: float, to_t: float) -> IdSpan | None:
        return await spans.span(self.client, session, from_t, to_t)

    async def gaps(self, session: str, missing: int) -> list[SeqGap]:
        row = Row.of(session, await self.client.call("HGETALL", keys.row(session)))
        return [] if row is None else row.gaps(missing)

    async def summary(self, session: str) -> SessionSummary | None:
        found = await self._summaries([session])
        return found[0] if found else None

    async def summaries(self, limit: int = DEFAULT_PAGE) -> list[SessionSummary]:
        newest = ("REV", "WITHSCORES")
        lists = await self.client.call_all(
            [("ZRANGE", key, 0, limit - 1, *newest) for key in (keys.OPEN, keys.ENDED)]
        )
        merged = heapq.merge(*map(_scored, lists), reverse=True)
        return await self._summaries([name for _, name in itertools.islice(merged, limit)])

    async def oldest(self, limit: int = DEFAULT_PAGE, skip: int = 0) -> list[SessionSummary]:
        skip_others = max(0, skip - await self.client.call("ZCARD", keys.ENDED))
        ended, others = await self.client.call_all(
            [
                ("ZRANGE", key, first, first + limit - 1)
                for key, first in ((keys.ENDED, skip), (keys.OPEN, skip_others))
            ]
        )
        return await self._summaries([name.decode() for name in (*ended, *others)[:limit]])

    async def usage(self) -> Usage:
        lists = await self.client.call_all(
            [("ZRANGE", key, 0, -1) for key in (keys.OPEN, keys.ENDED)]
        )
        names = [name.decode() for name in itertools.chain(*lists)]
        sizes = await self._call_each(("MEMORY", "USAGE", keys.stream(name)) for name in names)
        samples = await self.client.call("HGET", keys.TOTALS, "samples")
        return Usage(int(samples or 0), sum(size or 0 for size in sizes))

    async def trim(self, session: str, before_id: int) -> int:
        touched = (
            keys.TOTALS,
            keys.row(session),
            keys.stream(session),
            keys.times(session),
            keys.marks(session),
        )
        deleted = 0
        while batch := await self.client.script("trim", touched, (before_id, BATCH, spans.BLOCK)):
            deleted += batch
        return deleted

    async def delete(
        self,
        session: str,
        written_before: float | None = None,
        on_gone: Callable[[], None] | None = None,
    ) -> bool:
        touched = (
            *_sessions_keys(session),
            keys.stream(session),
            keys.times(session),
            keys.deleted(session),
            keys.marks(session),
        )
        before = "" if written_before is None else repr(written_before)
        about = (session, before, self._events, _DELETED_MS)
        found = bool(await self.client.script("delete", touched, about))
        if found and on_gone is not None:
            on_gone()  # late, where somebody was quick: who follows by the bus is told by the bus
        return found

    async def check_writable(self) -> None:
        await self.client.call("SET", keys.CHECK, self.decoder, "PX", _CHECK_MS)

    async def note_started(self, session: str, unix_s: float, hold: int | None = None) -> int:
        touched = (*_sessions_keys(session), keys.decoder(self.decoder), keys.deleted(session))
        had = "" if hold is None else hold
        model = (self._model.name or "", self._model.sha256 or "")
        about = (session, repr(unix_s), *model, had, self.decoder, self._events, LIFE_MS)
        return int(await self.client.script("start", touched, about))

    async def note_left(self, session: str, hold: int) -> None:
        await self.client.script("leave", (keys.row(session),), (hold,))

    async def note_ended(
        self, session: str, unix_s: float, reason: str, hold: int | None = None
    ) -> None:
        about = (session, repr(unix_s), reason, "" if hold is None else hold, self._events)
        touched = (*_sessions_keys(session), keys.deleted(session))
        told = (await self.client.script("end", touched, about)).decode()
        if told == "unknown":
            raise UnknownSessionError(f"there is no session {session!r} to end")
        if told != "ok":
            raise _refusal(told, session)

    async def note_clock(self, session: str, offset_ms: float, error_ms: float, hold: int) -> None:
        about = (hold, repr(offset_ms), repr(error_ms))
        await self.client.script("clock", (keys.row(session),), about)

    async def marks(self, session: str, after_id: int = 0, limit: int = MAX_MARKS) -> list[Mark]:
        found = await self.client.call("HGETALL", keys.marks(session))
        wanted = sorted(mark_id for mark_id in map(int, found) if mark_id > after_id)[:limit]
        return [encoding.mark(session, i, found[str(i).encode()]) for i in wanted]

    async def add_mark(self, session: str, t: float, text: str) -> Mark:
        touched = (keys.row(session), keys.marks(session))
        about = (encoding.mark_entry(t, text), MAX_MARKS)
        told = (await self.client.script("mark", touched, about)).decode()
        if told == "unknown":
            raise UnknownSessionError(f"there is no session {session!r} to mark")
        if told == "full":
            raise MarksFullError(session)
        return Mark(id=int(told), t=t, text=text)

    async def take_turn(self, task: str, for_s: float) -> bool:
        about = (self.decoder, round(for_s * 1000))
        return bool(await self.client.script("turn", (keys.turn(task),), about))

    async def live_on(self) -> None:
        """Give a sign of life: the sessions of this store's publishers stay live."""
        await self.client.call("SET", keys.decoder(self.decoder), "1", "PX", LIFE_MS)

    async def close(self) -> None:
        try:
            await self.client.call("DEL", keys.decoder(self.decoder))
        except StoreError:
            pass  # it expires
        finally:
            await self.client.close()

    @property
    def _events(self) -> str:
        return keys.events(self._database)

    async def _summaries(self, names: Sequence[str]) -> list[SessionSummary]:
        """The sessions of these names, those left out that are there no more."""
        found = await self._call_each(("HGETALL", keys.row(name)) for name in names)
        rows = [row for row in map(Row.of, names, found) if row is not None]
        decoders = sorted({row.decoder for row in rows if row.decoder})
        signs = await self._call_each(("EXISTS", keys.decoder(name)) for name in decoders)
        alive = {name for name, sign in zip(decoders, signs, strict=True) if sign}
        return [row.summary(is_live=row.decoder in alive) for row in rows]

    async def _call_each(self, commands: Iterable[tuple[str, ...]]) -> list[Any]:
        answers: list[Any] = []
        waiting = list(commands)
        for start in range(0, len(waiting), BATCH):
            answers += await self.client.call_all(waiting[start : start + BATCH])
        return answers

    def _now_s(self) -> str:
        return repr(self._clock.unix_us() / _US_PER_S)


def _sessions_keys(session: str) -> tuple[str, ...]:
    return (keys.OPEN, keys.ENDED, keys.TOTALS, keys.row(session))


def _scored(flat: Sequence[bytes]) -> list[tuple[float, str]]:
    """Names with their scores, of an answer in which each score follows its name."""
    return [
        (float(score), name.decode()) for name, score in zip(flat[::2], flat[1::2], strict=True)
    ]


def _refusal(kind: str, session: str, *details: str) -> StoreError:
    """The error of what a script has refused."""
    match kind:
        case "changed":
            return conflicts.changed(session, int(details[0]))
        case "left out":
            return conflicts.left_out(session, int(details[0]), int(details[1]))
        case "doubled":
            return conflicts.doubled(session)
        case "gone":
            return SeriesConflictError(
                session, f"the bus has lost session {session!r}", "see docs/scale.md, Durability"
            )
        case _:
            return HoldLostError(session, deleted=kind == "deleted")
