"""MkDocs calls this while it builds docs/: reference pages are filled in, and what pages link to
elsewhere in the repository comes along. mkdocs.yml names it.

https://www.mkdocs.org/user-guide/configuration/#hooks
"""

import re
from collections.abc import Callable
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from narrowcast_lab.reference.command_pages import commands
from narrowcast_lab.reference.http_pages import http_api
from narrowcast_lab.reference.settings_page import settings

PAGES: dict[str, Callable[[], str]] = {
    "commands": commands,
    "http-api": http_api,
    "settings": settings,
}
"""What may stand for a part of a page, by its name."""

ELSEWHERE = "repository"
"""Folder of the site that holds what lies beside docs/ in the repository."""

_MARK = re.compile(r"^<!-- reference: ([a-z-]+) -->$", re.MULTILINE)
_OUTSIDE = re.compile(r"\]\(\.\./([^)#\s]+)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the files outside docs/ that its pages link to."""
    root = Path(config.docs_dir).parent
    pages = files.documentation_pages()
    linked = {name for page in pages for name in _OUTSIDE.findall(page.content_string)}
    for name in sorted(linked):
        path = str(root / name)
        files.append(File.generated(config, f"{ELSEWHERE}/{name}", abs_src_path=path))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001 - MkDocs names them
    """Fills in what is marked. Raises KeyError for a mark that stands for nothing."""
    filled = _MARK.sub(lambda mark: PAGES[mark[1]](), markdown)
    return _OUTSIDE.sub(rf"]({ELSEWHERE}/\1", filled)
