"""What one session is published with: its clock, its stream, and its publisher."""

import os
import secrets
from datetime import UTC, datetime
from typing import NamedTuple

from narrowcast_encoder.live.publisher import Publisher
from narrowcast_encoder.session.settings import StreamSettings, make_stream, report_interval_ms
from narrowcast_encoder.session.stream import Stream
from narrowcast_shared import __version__
from narrowcast_shared.clock import Clock, SteadyClock, SystemClock
from narrowcast_shared.errors import ProtocolError, SettingsError
from narrowcast_shared.remote.address import Address
from narrowcast_shared.wire.messages import (
    INCARNATION_BYTES,
    Capability,
    Hello,
    check_new_session_name,
)


class Wanted(NamedTuple):
    """A session to publish. session None: a name is made up."""

    address: Address
    session: str | None
    settings: StreamSettings
    patience_s: float
    """How long the decoder may be away, at first and in an outage."""
    preview: bool = False
    """Whether whoever may subscribe may see the received face."""
    new: bool = False
    """Whether the session is to be one of its own: the time goes into its name."""
    start_us: int | None = None
    """Unix time at which the session begins: that of its earliest frame. None: now."""


class Opening(NamedTuple):
    """All that frames need to reach the decoder; nothing has been sent yet."""

    session: str
    clock: Clock
    stream: Stream
    publisher: Publisher


def opening(wanted: Wanted) -> Opening:
    """Raises SettingsError where the session's name or what is to be sent cannot be."""
    clock = SteadyClock(SystemClock())
    start_us = clock.unix_us() if wanted.start_us is None else wanted.start_us
    hello = _hello(wanted, start_us)
    stream = make_stream(wanted.settings, hello.start_us)
    publisher = Publisher(stream, hello, wanted.address, clock, wanted.patience_s)
    return Opening(hello.session, clock, stream, publisher)


def _hello(wanted: Wanted, start_us: int) -> Hello:
    capabilities = Capability.CLOCK | Capability.BACKFILL | Capability.CAPS
    if wanted.preview:
        capabilities |= Capability.PREVIEW
    return Hello(
        session=_session_name(wanted, start_us),
        incarnation=os.urandom(INCARNATION_BYTES),
        start_us=start_us,
        report_interval_ms=report_interval_ms(wanted.settings),
        capabilities=capabilities,
        software=f"narrowcast {__version__}",
        cap_bps=wanted.settings.link.mean_bps or 0,
    )


def _session_name(wanted: Wanted, start_us: int) -> str:
    """The one that was asked for. With `new` it ends in the UTC of its start, which no session
    before it did; that asks nobody, so it takes no right to read and no decoder that answers.
    """
    if wanted.session is None:
        return f"cam-{secrets.token_hex(3)}"
    try:
        name = check_new_session_name(wanted.session)
        if not wanted.new:
            return name
        started = datetime.fromtimestamp(start_us / 1e6, UTC)
        return check_new_session_name(f"{name}-{started:%Y%m%dT%H%M%S}")
    except ProtocolError as error:
        raise SettingsError(error.problem, error.remedy) from None
