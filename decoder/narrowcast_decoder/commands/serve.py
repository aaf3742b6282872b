"""`narrowcast serve`: the decoder service."""

import click


@click.command()
@click.option("--host", metavar="ADDRESS", help="Address to listen on; 127.0.0.1 by default.")
@click.option("--port", type=int, metavar="N", help="Port to listen on; 8000 by default.")
@click.option(
    "--store", metavar="FILE", help="File that keeps the series; narrowcast.sqlite by default."
)
@click.option("--model", metavar="NAME", help="Model, or a .safetensors file; oa by default.")
@click.option("--threads", type=int, metavar="N", help="Threads of the network; 1 by default.")
def serve(
    host: str | None, port: int | None, store: str | None, model: str | None, threads: int | None
) -> None:
    r"""Take in streams, read their valence, and serve the series.

    \b
    Examples:
      narrowcast serve
      narrowcast serve --port 9000 --store /data/series.sqlite

    The environment variables NARROWCAST_HOST, NARROWCAST_PORT, NARROWCAST_STORE,
    NARROWCAST_MODEL and NARROWCAST_THREADS say the same; flags win.
    """
    from narrowcast_decoder import server
    from narrowcast_decoder.settings import read_settings
    from narrowcast_shared import logs

    logs.at_least(1)
    settings = read_settings(host=host, port=port, store=store, model=model, threads=threads)
    server.serve(settings)
