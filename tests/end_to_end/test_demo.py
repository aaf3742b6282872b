"""`narrowcast demo`: one command to a page that moves."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from narrowcast_lab.demo import WHY_SKIPPED

SHOWN_S = 4
LOOK = """
import sys, urllib.request
wanted = urllib.request.Request(sys.argv[2], headers={"Accept": "text/html"})
with urllib.request.urlopen(wanted) as page, open(sys.argv[1], "w") as out:
    out.write(f"{sys.argv[2]} {page.status} {page.headers['content-type']}")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="BROWSER is a command line of POSIX here")
def test_the_demo_opens_its_live_page_and_tells_what_it_saw(tmp_path: Path) -> None:
    look, seen = tmp_path / "look.py", tmp_path / "seen"
    look.write_text(LOOK)
    browser = f"{sys.executable} {look} {seen} %s"
    demo = subprocess.run(
        [sys.executable, "-m", "narrowcast_shared", "demo", "--open", "--seconds", str(SHOWN_S)],
        env=os.environ | {"BROWSER": browser},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert demo.returncode == 0, demo.stderr
    url, status, kind = seen.read_text().split(maxsplit=2)
    assert f"live page, for {SHOWN_S} s: {url}" in demo.stderr
    assert (status, kind) == ("200", "text/html; charset=utf-8")
    assert "frames: " in demo.stderr
    assert WHY_SKIPPED in " ".join(demo.stderr.split()), "the line is capped at 16 kbit/s"
    lines = demo.stdout.splitlines()
    assert len(lines) >= 2
    assert all("demo #" in line for line in lines)
