"""The cells of the table: a method, the factor or mixture it is trained at, its schedule."""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from narrowcast_models.paper.config import PaperConfig

HR_FACTOR = 1


class Method(StrEnum):
    """The paper's methods (section 4.2), from the least to the most of the idea."""

    HR = "hr"
    LR = "lr"
    NON_JOINT = "non-joint"
    JOINT = "joint"
    JOINT_OA = "joint-oa"


# 30k, 30k, 120k, 60k, 60k iterations in the release's solvers.
_SCHEDULE = {
    Method.HR: 1,
    Method.LR: 1,
    Method.NON_JOINT: 4,
    Method.JOINT: 2,
    Method.JOINT_OA: 2,
}
_NAMES = {
    Method.HR: "HR",
    Method.LR: "LR-s",
    Method.NON_JOINT: "Non-Joint-s",
    Method.JOINT: "Joint-s",
    Method.JOINT_OA: "Joint-OA",
}


class Cell(NamedTuple):
    """One training; `factors` are what it sees: one, or Joint-OA's mixture."""

    method: Method
    factors: tuple[int, ...]

    @property
    def slug(self) -> str:
        """Name of its files: hr, lr-3, joint-oa-3-4-6."""
        if self.method is Method.HR:
            return str(self.method)
        return "-".join([str(self.method), *map(str, self.factors)])

    @property
    def row(self) -> str:
        """Name of its row in the table; dedicated models of one method share theirs."""
        name = _NAMES[self.method]
        if self.method is not Method.JOINT_OA:
            return name
        return f"{name} {{{', '.join(map(str, self.factors))}}}"

    def sr_factor(self, config: PaperConfig) -> int | None:
        """What its SR pre-training is done at, None where there is none."""
        match self.method:
            case Method.HR | Method.LR:
                return None
            case Method.JOINT_OA:
                return config.max_factor
            case _:
                return self.factors[0]

    def steps(self, config: PaperConfig) -> int:
        """Iterations of recognition, in the paper's proportion."""
        return _SCHEDULE[self.method] * config.iterations

    def scored_at(self, factors: Iterable[int]) -> tuple[int, ...]:
        """Factors it is scored at: its own, or all of the table for HR and the one-for-all."""
        match self.method:
            case Method.HR:
                return (HR_FACTOR, *factors)
            case Method.JOINT_OA:
                return tuple(factors)
            case _:
                return self.factors


def cells(
    methods: Iterable[Method], factors: Iterable[int], mixtures: Iterable[tuple[int, ...]]
) -> list[Cell]:
    """Every cell of the table, in its order."""
    factors, mixtures = tuple(factors), tuple(mixtures)
    out: list[Cell] = []
    for method in methods:
        match method:
            case Method.HR:
                out.append(Cell(method, (HR_FACTOR,)))
            case Method.JOINT_OA:
                out += [Cell(method, mixture) for mixture in mixtures]
            case _:
                out += [Cell(method, (factor,)) for factor in factors]
    return out
