"""`narrowcast serve`: the decoder service."""

from pathlib import Path

import click

from narrowcast_decoder.commands.security_options import security_options


@click.command()
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    envvar="NARROWCAST_CONFIG",
    metavar="FILE",
    help="File of settings, TOML: port = 9000.",
)
@click.option("--host", metavar="ADDRESS", help="Address to listen on; 127.0.0.1 by default.")
@click.option("--port", type=int, metavar="N", help="Port to listen on; 8000 by default.")
@click.option(
    "--store", metavar="FILE", help="File that keeps the series; narrowcast.sqlite by default."
)
@click.option(
    "--bus",
    metavar="URL",
    help="Valkey or Redis that keeps the series instead, shared by decoders, as redis://HOST:6379/0.",
)
@click.option("--model", metavar="NAME", help="Model, or a .safetensors file; oa by default.")
@click.option("--threads", type=int, metavar="N", help="Threads of the network; 1 by default.")
@click.option(
    "--workers",
    type=int,
    metavar="N",
    help="Read in N processes, for a model that takes more than a core; 1, the default, reads on a "
    "thread of the service.",
)
@click.option(
    "--precision",
    metavar="TYPE",
    help="auto, float32 or int8; auto, the default, is int8 where the CPU has instructions for it.",
)
@click.option(
    "--device",
    metavar="NAME",
    help="cpu, the default; cuda or cuda:1, which take PyTorch; auto is a GPU if there is one.",
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
    "--no-preview",
    "preview",
    flag_value=False,
    default=None,
    help="Show no face, whatever publishers allow; by default those of `encode --preview`.",
)
@click.option(
    "--log-format",
    metavar="FORMAT",
    help="text or json: one line a record on standard error; text by default.",
)
@security_options()
def serve(config: Path | None, **flags: object) -> None:
    r"""Take in streams, read them, and serve the series.

    \b
    Examples:
      narrowcast serve
      narrowcast serve --port 9000 --store /data/series.sqlite
      narrowcast serve --max-age 30d --max-bytes 10G
      narrowcast serve --bus redis://valkey:6379/0
      narrowcast serve --host 0.0.0.0 --tokens tokens.toml --tls-cert cert.pem --tls-key key.pem

    Each option but --config can also be given in the file, as max_age = "30d", and as an
    environment variable, NARROWCAST_MAX_AGE; flags go before the file, and that before the
    environment. On loopback no tokens are needed.
    """
    from narrowcast_decoder import server
    from narrowcast_decoder.settings import read_settings
    from narrowcast_shared import logs

    logs.at_least(1)
    settings = read_settings(config, **flags)
    logs.use(settings.log_format)
    server.serve(settings)
