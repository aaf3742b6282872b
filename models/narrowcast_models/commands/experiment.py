"""`narrowcast experiment`: the paper's experiments, as tables and figures."""

import click

from narrowcast_models.commands.experiment_ablation import ablation
from narrowcast_models.commands.experiment_avec import avec
from narrowcast_models.commands.experiment_paper import paper_report, paper_table
from narrowcast_models.commands.experiment_rate import rate_distortion


@click.group()
def experiment() -> None:
    r"""Repeat the paper's experiments, AVEC 2016's, and our own.

    \b
    Examples:
      narrowcast experiment paper-table --width .25 --canvas 48
      narrowcast experiment ablation --variants base,no-codec

    The paper is Cheng et al. 2017; our own are those behind `oa`.
    Data sets are read where the environment variable NARROWCAST_DATA points.
    """


experiment.add_command(paper_table)
experiment.add_command(paper_report)
experiment.add_command(rate_distortion)
experiment.add_command(avec)
experiment.add_command(ablation)
