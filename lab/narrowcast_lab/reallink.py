"""The simulated line against a real one: the same messages at the same times over both.

The messages are what the encoder makes of a clip at a pinned operating point. They are sent over
TCP between two network namespaces, whose line tc tbf limits, and offered to a `Link` of the same
rate at the times at which they were really sent. Bytes are counted by the kernel and as billed.

The two cannot agree on a single message: tbf lets what fits its bucket leave at once, where the
simulation, as a serial line, takes `message_ms` for it. What is beyond that is to be small.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import cycle
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from narrowcast_encoder.crop import ChipMaker
from narrowcast_encoder.detection import FaceDetector
from narrowcast_encoder.session.settings import StreamSettings, make_stream
from narrowcast_encoder.sources import open_source
from narrowcast_lab import netns, processes
from narrowcast_lab.free_port import free_port
from narrowcast_lab.netns import Namespaces
from narrowcast_shared.errors import LinkError
from narrowcast_shared.link import Link, constant
from narrowcast_shared.wire.cost import IP_TCP_BYTES, wire_bytes
from narrowcast_shared.wire.messages import Report

US_PER_S = 1_000_000
CONNECTION_BYTES = 60 + 3 * IP_TCP_BYTES
"""SYN, its ACK, FIN and its ACK: on the real line, and no message's."""

SPARE_S = 60.0
"""How much longer than planned a replay may take."""


class Planned(NamedTuple):
    """One message: when it is ready, us, and its payload in bytes."""

    at_us: int
    size_bytes: int


class LineFigures(NamedTuple):
    """One line. wire_bps: headers counted. Delays from ready to arrived."""

    wire_bps: int
    delay_ms_p50: float
    delay_ms_p95: float


class Comparison(NamedTuple):
    """Both lines. message_ms: time that the mean message takes at the rate."""

    messages: int
    message_ms: float
    real: LineFigures
    simulated: LineFigures

    def rows(self) -> dict[str, dict[str, float]]:
        """Figures of both lines, and how far the simulation is off."""
        real, simulated = self.real._asdict(), self.simulated._asdict()
        off = {name: round(simulated[name] - real[name], 1) for name in real}
        return {"real": real, "simulated": simulated, "difference": off}


def compare(plan: Sequence[Planned], cap_bps: int) -> Comparison:
    """Send the plan over both lines. Raises LinkError where no real one can be made."""
    with netns.namespaces() as pair:
        pair.shape(cap_bps)
        sent_us, real_us = _replay(pair, plan)
        counted = pair.sent_bytes() - CONNECTION_BYTES
    link = Link(constant(cap_bps))
    for at_us, message in zip(sent_us, plan, strict=True):
        link.offer(bytes(message.size_bytes), at_us)
    simulated_us = [departure.at_us for departure in link.release(1 << 61)]
    billed = sum(wire_bytes(message.size_bytes) for message in plan)
    return Comparison(
        len(plan),
        round(8000 * billed / len(plan) / cap_bps, 1),
        _figures(counted, sent_us, real_us),
        _figures(billed, sent_us, simulated_us),
    )


def traffic(
    source: str, seconds: float, settings: StreamSettings, detector: FaceDetector
) -> Iterator[Planned]:
    """Messages of a clip that is played in a loop, as an encoder without a cap sends them."""
    stream = make_stream(settings, 0)
    stream.connected(0)
    sent = 0
    for at_us, chip in _chips(source, seconds, detector):
        stream.frame(chip, at_us, at_us)
        for message in stream.outgoing(at_us, at_us):
            sent += 1
            yield Planned(at_us, len(message))
        stream.reported(Report(0, 0, sent, 0, 0, 0, 0), at_us, at_us)


def _chips(
    source: str, seconds: float, detector: FaceDetector
) -> Iterator[tuple[int, NDArray[np.uint8] | None]]:
    """(capture time in us, chip) of each frame, for so long."""
    maker = ChipMaker(detector)
    with open_source(source) as frames:
        chips = [(frame.t_s, maker.chip(frame.image)) for frame in frames]
    step_s = chips[-1][0] / max(1, len(chips) - 1)
    for index, (_, chip) in enumerate(cycle(chips)):
        if index * step_s >= seconds:
            return
        yield round(index * step_s * US_PER_S), chip


def _replay(pair: Namespaces, plan: Sequence[Planned]) -> tuple[list[int], list[int]]:
    """When each message was sent and when it had arrived, us."""
    framed = [(at_us, wire_bytes(size) - IP_TCP_BYTES) for at_us, size in plan]
    address = [netns.DOWN_ADDRESS, str(free_port())]
    timeout_s = plan[-1].at_us / US_PER_S + SPARE_S
    with ExitStack() as stack:
        ends = []
        for part, name, told in (
            ("receive", pair.down, [size for _, size in framed]),
            ("send", pair.up, framed),
        ):
            end = stack.enter_context(_start(name, part, *address))
            stack.callback(processes.stop, end)
            assert end.stdin is not None
            end.stdin.write(json.dumps(told).encode() + b"\n")
            end.stdin.flush()
            ends.append(end)
        receiver, sender = ends
        return _answer(sender, timeout_s), _answer(receiver, timeout_s)


def _start(namespace: str, *arguments: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "narrowcast_lab.replay", *arguments]
    return subprocess.Popen(  # noqa: S603 - our own command
        [*netns.within(namespace), *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        process_group=0,  # Ctrl-C is for the parent, which then ends its children
    )


def _answer(end: "subprocess.Popen[bytes]", timeout_s: float) -> list[int]:
    try:
        out, errors = end.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        raise LinkError("the real line did not carry its messages in time") from None
    if end.returncode != 0:
        said = errors.decode(errors="replace").strip().rpartition("\n")[2]
        raise LinkError("an end of the real line failed", said)
    times: list[int] = json.loads(out)
    return times


def _figures(size_bytes: int, sent_us: list[int], arrived_us: list[int]) -> LineFigures:
    delays_ms = (np.array(arrived_us) - np.array(sent_us)) / 1000
    p50, p95 = (round(float(np.percentile(delays_ms, p)), 1) for p in (50, 95))
    span_s = (arrived_us[-1] - sent_us[0]) / US_PER_S
    return LineFigures(round(8 * size_bytes / span_s), p50, p95)
