"""`narrowcast models`: what is done with weights once they are trained."""

import click


@click.group()
def models() -> None:
    r"""Export models to ONNX, which decoders read with.

    \b
    Examples:
      narrowcast models export
      narrowcast models export mine.safetensors --no-int8
    """


@models.command()
@click.argument("names", nargs=-1, metavar="[NAME|FILE]...")
@click.option(
    "--int8/--no-int8",
    "with_int8",
    default=True,
    help="Also write the 8-bit file, for which NARROWCAST_DATA names the training faces.",
)
def export(names: tuple[str, ...], with_int8: bool) -> None:
    r"""Write the ONNX files of trained weights.

    \b
    Examples:
      narrowcast models export
      narrowcast models export oa
      narrowcast models export mine.safetensors --no-int8

    Writes NAME.onnx (float32), NAME.int8.onnx and, for the preview, NAME.sr.onnx beside the
    weights, and their checksums into the card. Without a name, exports all shipped models that
    decoders read. `narrowcast train` exports what it trains. A model without the 8-bit file is
    read in float32.
    """
    from narrowcast_models import model_card, onnx_export
    from narrowcast_models.data import ferplus

    faces = ferplus.load().train if with_int8 else None
    for name in names or model_card.shipped():
        card = onnx_export.export(name, faces)
        assert card.onnx is not None
        endings = ", ".join(sorted(card.onnx.sha256))
        click.echo(f"exported {card.name}: {endings}")
        if card.onnx.int8_rms_difference is not None:
            click.echo(f"int8 differs from float32 by {card.onnx.int8_rms_difference} (RMS)")
