"""`narrowcast bench`: measurements, each printing what it measured."""

import click

from narrowcast_lab.commands.bench_crop import crop
from narrowcast_lab.commands.bench_latency import latency
from narrowcast_lab.commands.bench_wire import wire


@click.group()
def bench() -> None:
    """Measure: steadiness of the crop, latency of the live path, rate on the wire."""


bench.add_command(crop)
bench.add_command(latency)
bench.add_command(wire)
