"""The weights that come with the package: where they are, and their cards, read without torch."""

from pathlib import Path

FOLDER = Path(__file__).parent / "weights"


def card_text(model: str) -> str | None:
    """The card of the shipped model of that name, as JSON; None where none is shipped.

    Registered as `narrowcast.cards`, for components that may not import this one.
    """
    for path in FOLDER.glob("*.json"):
        if path.stem == model:
            return path.read_text(encoding="utf-8")
    return None
