"""The cells of the table, and their schedules."""

from narrowcast_models.paper.cells import Cell, Method, cells
from narrowcast_models.paper.config import FACTORS, MIXTURES, PaperConfig


def test_the_whole_table() -> None:
    table = cells(Method, FACTORS, MIXTURES)
    assert len(table) == 1 + 3 * 6 + 2
    assert len({cell.slug for cell in table}) == len(table)
    assert table[0] == Cell(Method.HR, (1,))
    assert [cell.slug for cell in table[-2:]] == ["joint-oa-3-4-6", "joint-oa-3-4-6-8-12-16"]


def test_the_papers_schedules() -> None:
    steps = {method: Cell(method, (3,)).steps(PaperConfig()) for method in Method}
    assert steps == {
        Method.HR: 30_000,
        Method.LR: 30_000,
        Method.NON_JOINT: 120_000,
        Method.JOINT: 60_000,
        Method.JOINT_OA: 60_000,
    }
    assert PaperConfig().sr_steps == 500_000


def test_schedules_shrink_together() -> None:
    config = PaperConfig(iterations=60)
    assert Cell(Method.JOINT, (3,)).steps(config) == 120
    assert Cell(Method.NON_JOINT, (3,)).steps(config) == 240
    assert config.sr_steps == 1000
    assert PaperConfig(iterations=60, sr_iterations=7).sr_steps == 7


def test_one_for_all_is_pretrained_at_the_largest_factor() -> None:
    config = PaperConfig()
    assert Cell(Method.JOINT_OA, (3, 4, 6)).sr_factor(config) == 16
    assert Cell(Method.JOINT, (4,)).sr_factor(config) == 4
    assert Cell(Method.NON_JOINT, (4,)).sr_factor(config) == 4
    assert Cell(Method.LR, (4,)).sr_factor(config) is None


def test_where_a_cell_is_scored() -> None:
    assert Cell(Method.HR, (1,)).scored_at((3, 6)) == (1, 3, 6)
    assert Cell(Method.JOINT, (6,)).scored_at((3, 6)) == (6,)
    assert Cell(Method.JOINT_OA, (3, 4, 6)).scored_at((3, 16)) == (3, 16)


def test_only_the_papers_own_network_is_not_called_narrow() -> None:
    config = PaperConfig()
    assert config.variant.startswith("full width")
    narrow = PaperConfig(network=config.network._replace(width=0.25))
    small = PaperConfig(network=config.network._replace(canvas_px=48))
    assert narrow.variant.startswith("narrow variant: width 0.25, 96-px")
    assert small.variant.startswith("narrow variant: width 1, 48-px")
