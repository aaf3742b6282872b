"""A cluster on loopback: a Valkey server, decoders that share it, and a balancer before them."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from narrowcast_lab import bus_server
from narrowcast_lab.bus_server import BusServer
from narrowcast_lab.cluster import balancer
from narrowcast_lab.cluster.balancer import Balancer
from narrowcast_lab.cluster.replica import Replica
from narrowcast_shared.errors import LinkError, install_hint

FSYNC = "always"
"""As docker-compose.yml has it: what is acknowledged is on the disk."""


BEHIND_BALANCER = ("--trusted-proxy", "127.0.0.1/32", "--allow-host", "decoder")
"""What a decoder on loopback is told of its balancer, and what that calls it where it looks."""


class Stand(NamedTuple):
    """A running cluster."""

    bus: BusServer
    replicas: list[Replica]
    balancer: Balancer

    @property
    def url(self) -> str:
        """Where all of it answers."""
        return self.balancer.url

    def publisher_of(self, session: str) -> Replica:
        """The replica that a session's publisher is connected to."""
        return next(replica for replica in self.replicas if replica.publishes(session))


def check() -> None:
    """Raises LinkError where what a cluster takes is not installed."""
    bus_server.binary()
    if find_spec("valkey") is None:
        raise LinkError("there is no client of Valkey", install_hint("bus"))
    balancer.program()
    balancer.settings()


@contextmanager
def running(folder: Path, replicas: int, model: str = "oa") -> Iterator[Stand]:
    """A cluster with its files in `folder`, ended on the way out. Raises LinkError."""
    check()
    with ExitStack() as stack:
        bus = stack.enter_context(bus_server.running(folder / "bus", FSYNC))
        arguments = ("--bus", bus.url, *BEHIND_BALANCER, "--model", model)
        decoders = [Replica(folder, number, arguments) for number in range(replicas)]
        start_all(decoders, stack)
        ports = [decoder.port for decoder in decoders]
        yield Stand(bus, decoders, stack.enter_context(balancer.running(folder, ports)))


def start_all(decoders: list[Replica], stack: ExitStack) -> None:
    """Start decoders, all at once, to be ended with `stack`; return once all of them answer."""
    for decoder in decoders:
        stack.callback(decoder.stop)
        decoder.start()
    for decoder in decoders:
        decoder.wait_ready()
