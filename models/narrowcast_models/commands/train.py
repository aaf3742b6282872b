"""`narrowcast train`: the commands that make the weights."""

import click

from narrowcast_models.commands.train_oa import oa, oa_l
from narrowcast_models.commands.train_paper import paper


@click.group()
def train() -> None:
    r"""Train a model and write its weights with their card.

    \b
    Examples:
      narrowcast train oa
      narrowcast train paper --width .5 --out wide.safetensors

    The data sets are read where the environment variable NARROWCAST_DATA points.
    """


train.add_command(oa)
train.add_command(oa_l)
train.add_command(paper)
