"""`narrowcast bench cluster`: the bus against SQLite, and two decoders against one."""

from pathlib import Path

import click

from narrowcast_shared import options


@click.command()
@click.option(
    "--streams",
    type=click.IntRange(1, 8192),
    default=20,
    show_default=True,
    metavar="N",
    help="Streams that every set-up serves: for costs and latencies.",
)
@click.option(
    "--too-many",
    type=click.IntRange(1, 8192),
    default=60,
    show_default=True,
    metavar="N",
    help="Streams, more than any set-up serves: for readings a second.",
)
@options.fps_option(25)
@options.seconds_option(4, "How long to measure each time, after a second of warming up.")
@click.option(
    "--rounds",
    type=click.IntRange(1, 20),
    default=2,
    show_default=True,
    metavar="N",
    help="How often to measure each; medians are told.",
)
@options.model_option()
@options.json_file_option()
def cluster(
    streams: int,
    too_many: int,
    fps: float,
    seconds: float,
    rounds: int,
    model: str,
    json_path: Path | None,
) -> None:
    r"""Compare decoders on SQLite and on the bus.

    \b
    Examples:
      narrowcast bench cluster
      narrowcast bench cluster --streams 40 --rounds 3 --json cluster.json

    One on SQLite, one on the bus, two on the bus, in one run. The load is that of `narrowcast
    bench serve`, a subscriber a stream, through HAProxy. It, the decoders, Valkey and HAProxy
    share this machine: with fewer cores than processes, two decoders cannot be twice one.
    """
    import json

    from narrowcast_lab.cluster import throughput, throughput_report
    from narrowcast_lab.serve_bench import Request
    from narrowcast_shared import open_files
    from narrowcast_shared.operating_point import check_point

    open_files.allow_many()
    served = Request(streams, streams, seconds, check_point(32, 30, fps, 1), model)
    loads = throughput.Loads(served, served._replace(streams=too_many, subscribers=too_many))
    report = throughput.measure(loads, rounds, lambda what: click.echo(what, err=True))
    throughput_report.show(report)
    if json_path is not None:
        document = throughput_report.document(report, rounds)
        json_path.write_text(json.dumps(document, indent=2) + "\n")
