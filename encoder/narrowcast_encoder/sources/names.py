"""What a source may be called where people and programs can read it.

A camera's URL often carries its password: before the host (`rtsp://user:password@host/`), in the
query (`?user=admin&pwd=...`), or, with some makers, in the path (`/user=admin&password=.../`).
Messages, logs, tables and session names therefore never use a source as it was typed; they use
`shown(source)`, from which all of that is left out. It looks at the text alone, so that it works
for URLs that cannot be opened or even parsed, and rather hides too much than too little.
"""

import re

HIDDEN = "..."

_URL = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
_AUTHORITY = re.compile(r"[^/?#]*")

# `user:password@host` without a scheme, or with one slash too few. A file of such a name loses
# the same part: that is the lesser harm. A drive of Windows is no user name.
_BARE_CREDENTIALS = re.compile(r"(?![A-Za-z]:[\\/])[^/@:]+:.*@", re.DOTALL)


def shown(source: str) -> str:
    """The source without user name, password, query string and `key=value` parts of the path.

    Paths of files come back unchanged. What is left out of a path or a query shows as "...".
    """
    url = _URL.fullmatch(source)
    if url is None:
        return _BARE_CREDENTIALS.sub(f"{HIDDEN}@", source, count=1)
    authority = _AUTHORITY.match(url["rest"])
    assert authority is not None  # it matches the empty text
    behind = url["rest"][authority.end() :]
    if "@" in behind and re.search("[:@]", authority.group()):
        # A password with a slash, "?" or "#" in it ends the authority too early: of such a URL
        # nobody can say where the host begins.
        return f"{url['scheme']}://{HIDDEN}"
    host = authority.group().rpartition("@")[2]
    path, query = re.fullmatch(r"([^?#]*)(.*)", behind, re.DOTALL).groups()  # type: ignore[union-attr]
    parts = [HIDDEN if "=" in part else part for part in path.split("/")]
    return f"{url['scheme']}://{host}{'/'.join(parts)}{query[:1] and query[0] + HIDDEN}"
