"""What the processes of a cluster have used so far; whoever wants a rate asks twice."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from narrowcast_lab import serve_bench
from narrowcast_shared.errors import LinkError


class Spent(NamedTuple):
    """CPU time in s by kind of process, and what the bus has done."""

    decoder_cpu_s: float
    bus_cpu_s: float
    balancer_cpu_s: float
    bus_commands: float
    bus_in_bytes: float
    bus_out_bytes: float

    def since(self, before: "Spent") -> "Spent":
        """What was used since."""
        return Spent(*(now - then for now, then in zip(self, before, strict=True)))


class BusUse(NamedTuple):
    """Of the Valkey server; all 0 where there is none."""

    commands: int = 0
    in_bytes: int = 0
    out_bytes: int = 0


def spent(decoders: Sequence[str], bus: tuple[str, int] | None, balancer: int | None) -> Spent:
    """Up to now. decoders: their URLs. bus: its URL and process. balancer: its process."""
    use = BusUse() if bus is None else bus_use(bus[0])
    return Spent(
        sum(serve_bench.usage(url).cpu_s for url in decoders),
        0.0 if bus is None else cpu_s(bus[1]),
        0.0 if balancer is None else cpu_s(balancer),
        *use,
    )


def bus_use(url: str) -> BusUse:
    """What a server on loopback was told, and has told."""
    from valkey import Valkey  # noqa: PLC0415 - an extra, which `stand.check` has found

    parts = urlsplit(url)
    with Valkey(host=parts.hostname, port=parts.port) as client:
        told = client.info("stats")
    return BusUse(
        told["total_commands_processed"],
        told["total_net_input_bytes"],
        told["total_net_output_bytes"],
    )


def cpu_s(pid: int) -> float:
    """CPU time of a process and all its threads. Raises LinkError where there is no /proc."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        raise LinkError(
            "the CPU time of Valkey and HAProxy cannot be read", "run this on Linux"
        ) from None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
