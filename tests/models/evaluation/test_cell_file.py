"""Cells as files: whole or not at all."""

from pathlib import Path

import pytest
from pydantic import BaseModel

from narrowcast_models.evaluation import cell_file
from narrowcast_shared.errors import DataError


class _Cell(BaseModel):
    name: str
    ccc: float


def test_written_and_read_again(tmp_path: Path) -> None:
    path = tmp_path / "new" / "base.json"
    cell_file.write(_Cell(name="base", ccc=0.5), path)
    assert path.read_text() == '{\n  "name": "base",\n  "ccc": 0.5\n}\n'
    assert cell_file.read(path, _Cell) == _Cell(name="base", ccc=0.5)
    assert [file.name for file in path.parent.iterdir()] == ["base.json"]


@pytest.mark.parametrize("content", [b"", b"[]", b'{"name": "base"}', b"\xff"])
def test_no_cell(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "base.json"
    path.write_bytes(content)
    with pytest.raises(DataError, match="no cell"):
        cell_file.read(path, _Cell)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        cell_file.read(tmp_path / "base.json", _Cell)
