"""The table of a controller that protects the picture, as video does, and not valence."""

from pathlib import Path

from narrowcast_encoder.control import table
from narrowcast_encoder.control.table import Table
from narrowcast_shared.errors import SettingsError


def psnr_table(path: Path) -> Table:
    """The rows of `narrowcast rd --json` that win PSNR for their bytes.

    `ccc_kept` holds the PSNR as a share of the best row's: whoever maximises the one, maximises
    the other. Raises SettingsError where the file holds no such rows.
    """
    found = table.load(path, "psnr_rows")
    psnrs_db = [row.psnr_db for row in found.rows if row.psnr_db is not None]
    if len(psnrs_db) < len(found.rows):
        raise SettingsError(f"a row of {path} has no PSNR", "write it with `narrowcast rd --json`")
    shares = [psnr_db / max(psnrs_db) for psnr_db in psnrs_db]
    rows = (row._replace(ccc_kept=s) for row, s in zip(found.rows, shares, strict=True))
    return found._replace(rows=tuple(rows))
