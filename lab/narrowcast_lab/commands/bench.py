"""`narrowcast bench`: measurements, each printing what it measured."""

import click

from narrowcast_lab.commands.bench_cluster import cluster
from narrowcast_lab.commands.bench_faults import faults
from narrowcast_lab.commands.bench_figures import figures
from narrowcast_lab.commands.bench_fuzz import fuzz
from narrowcast_lab.commands.bench_latency import latency
from narrowcast_lab.commands.bench_link import link
from narrowcast_lab.commands.bench_model import model
from narrowcast_lab.commands.bench_moving import moving
from narrowcast_lab.commands.bench_peers import peers
from narrowcast_lab.commands.bench_serve import serve
from narrowcast_lab.commands.bench_wire import wire


@click.group()
def bench() -> None:
    r"""Measure what the parts cost, and what they keep.

    \b
    Examples:
      narrowcast bench latency
      narrowcast bench link --cap 8k
      narrowcast bench serve --streams 20 --fps 10
    """


bench.add_command(cluster)
bench.add_command(faults)
bench.add_command(figures)
bench.add_command(fuzz)
bench.add_command(latency)
bench.add_command(link)
bench.add_command(model)
bench.add_command(moving)
bench.add_command(peers)
bench.add_command(serve)
bench.add_command(wire)
