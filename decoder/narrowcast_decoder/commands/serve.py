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
@click.option(
    "--precision",
    metavar="TYPE",
    help="auto, float32 or bfloat16; auto, the default, is bfloat16 where the CPU has it.",
)
@click.option(
    "--device",
    metavar="NAME",
    help="cpu, cuda, cuda:1, ...; auto, the default, is a GPU where there is one.",
)
@click.option(
    "--max-age", metavar="TIME", help="Delete what is older: 30d, 12h; by default nothing is."
)
@click.option(
    "--max-samples", metavar="N", help="Keep so many samples in all, of the newest sessions: 50M."
)
@click.option(
    "--max-bytes", metavar="N", help="Keep so many bytes of samples, of the newest sessions: 10G."
)
@click.option(
    "--log-format",
    metavar="FORMAT",
    help="text or json: one line a record on standard error; text by default.",
)
def serve(
    host: str | None,
    port: int | None,
    store: str | None,
    model: str | None,
    threads: int | None,
    precision: str | None,
    device: str | None,
    max_age: str | None,
    max_samples: str | None,
    max_bytes: str | None,
    log_format: str | None,
) -> None:
    r"""Take in streams, read their valence, and serve the series.

    \b
    Examples:
      narrowcast serve
      narrowcast serve --port 9000 --store /data/series.sqlite
      narrowcast serve --max-age 30d --max-bytes 10G

    Each option can also be given as an environment variable, NARROWCAST_HOST, NARROWCAST_PORT,
    NARROWCAST_STORE, NARROWCAST_MAX_AGE, ...; flags win.
    """
    from narrowcast_decoder import server
    from narrowcast_decoder.settings import read_settings
    from narrowcast_shared import logs

    logs.at_least(1)
    settings = read_settings(
        host=host,
        port=port,
        store=store,
        model=model,
        threads=threads,
        precision=precision,
        device=device,
        max_age=max_age,
        max_samples=max_samples,
        max_bytes=max_bytes,
        log_format=log_format,
    )
    logs.use(settings.log_format)
    server.serve(settings)
