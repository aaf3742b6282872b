"""`python -m narrowcast_lab.reference [DOCS]`: writes the reference pages of docs/ anew.

A page has its reference between two lines, `<!-- reference: commands -->` and `<!-- end of
reference -->`. What is between them is made out of the code and committed, so that it can be read
where the repository is; tests/docs holds that it is current.
"""

import re
import sys
from collections.abc import Callable
from pathlib import Path

from narrowcast_lab.reference.command_pages import commands
from narrowcast_lab.reference.http_pages import http_api
from narrowcast_lab.reference.settings_page import settings

PAGES: dict[str, Callable[[], str]] = {
    "commands": commands,
    "http-api": http_api,
    "settings": settings,
}
"""What may stand in a page, by its name."""

COMMAND = "python -m narrowcast_lab.reference"

_END = "<!-- end of reference -->"
_PART = re.compile(rf"^(<!-- reference: ([a-z-]+) -->\n).*?^{_END}$", re.MULTILINE | re.DOTALL)


def filled(markdown: str) -> str:
    """The page with its references as they are now. Raises KeyError for one that there is not."""
    return _PART.sub(lambda part: f"{part[1]}\n{PAGES[part[2]]().strip()}\n\n{_END}", markdown)


def main(docs: Path) -> None:
    """Bring every page up to date that has a reference."""
    for path in sorted(docs.glob("*.md")):
        before = path.read_text(encoding="utf-8")
        after = filled(before)
        if after != before:
            path.write_text(after, encoding="utf-8")
            sys.stderr.write(f"{path} is written anew\n")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs"))
