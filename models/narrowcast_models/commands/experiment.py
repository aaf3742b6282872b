"""`narrowcast experiment`: the paper's experiments, as tables and figures."""

import click

from narrowcast_models.commands.experiment_ablation import ablation
from narrowcast_models.commands.experiment_avec import avec
from narrowcast_models.commands.experiment_memory import memory
from narrowcast_models.commands.experiment_paper import paper_report, paper_table
from narrowcast_models.commands.experiment_rate import rate_distortion


@click.group()
def experiment() -> None:
    """Repeat the experiments of Cheng et al. 2017, those of AVEC 2016, and those behind `oa`.

    Data sets are read where the environment variable NARROWCAST_DATA points.
    """


experiment.add_command(paper_table)
experiment.add_command(paper_report)
experiment.add_command(rate_distortion)
experiment.add_command(avec)
experiment.add_command(ablation)
experiment.add_command(memory)
