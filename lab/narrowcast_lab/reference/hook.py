"""MkDocs calls this while it builds docs/: what pages link to elsewhere in the repository comes
along. mkdocs.yml names it.

https://www.mkdocs.org/user-guide/configuration/#hooks
"""

import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ELSEWHERE = "repository"
"""Folder of the site that holds what lies beside docs/ in the repository."""

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
    """Leads links out of docs/ to where these files are in the site."""
    return _OUTSIDE.sub(rf"]({ELSEWHERE}/\1", markdown)
