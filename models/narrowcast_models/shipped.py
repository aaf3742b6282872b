"""The weights that come with the package: where they are, and their cards, read without torch."""

import json
from pathlib import Path

FOLDER = Path(__file__).parent / "weights"


def card_text(name_or_sha256: str) -> str | None:
    """The card, as JSON, of the shipped model of that name, or whose weights have that checksum.

    None where none is shipped.

    Registered as `narrowcast.cards`, for components that may not import this one.
    """
    for path in FOLDER.glob("*.json"):
        text = path.read_text(encoding="utf-8")
        if name_or_sha256 in (path.stem, json.loads(text)["sha256"]):
            return text
    return None
