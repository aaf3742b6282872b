"""The process that plays a load, and what it says to the one that started it."""

import asyncio
from multiprocessing.connection import Connection
from typing import NamedTuple

from narrowcast_lab.serve_bench_load import Plan, play
from narrowcast_shared.errors import NarrowcastError

WARM = "warm"


class Failed(NamedTuple):
    """The load could not be played."""

    why: str


def play_plans(plans: list[Plan], parent: Connection) -> None:
    """Play a warm-up and a load.

    Says WARM after the first and waits to be answered; says the load's prefix once all of it
    is connected, and its `Outcome` at the end, or `Failed`.
    """
    warm_up, load = plans
    try:
        asyncio.run(play(warm_up, lambda: None))
        parent.send(WARM)
        parent.recv()
        parent.send(asyncio.run(play(load, lambda: parent.send(load.prefix))))
    except NarrowcastError as error:
        parent.send(Failed(str(error)))
