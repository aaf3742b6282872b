"""The live page as a test reads it."""

import math
import time
from typing import Any, NamedTuple

from narrowcast_lab import processes

LOADED_S = 60.0
"""What is looked at of the past has been loaded by then."""


class Page(NamedTuple):
    """A browser that shows the page of the decoder at `url`."""

    driver: Any
    url: str

    def open(self, session: str | None = None) -> None:
        """Load it anew, without what was stored of it before."""
        self.driver.get("about:blank")
        self.driver.get(self.url)
        self.js("sessionStorage.clear(); localStorage.clear()")
        self.driver.get("about:blank")
        self.driver.get(self.url + (f"/#session={session}" if session else "/"))

    def js(self, script: str, *arguments: object) -> Any:  # noqa: ANN401
        return self.driver.execute_script(script, *arguments)

    def shows(self, element_id: str) -> bool:
        script = "const e = document.getElementById(arguments[0]); return e.checkVisibility()"
        return bool(self.js(script, element_id))

    def text(self, element_id: str) -> str:
        return str(self.js("return document.getElementById(arguments[0]).innerText", element_id))

    def drawn(self) -> Any:  # noqa: ANN401
        """As drawn.js has it; None where no session is looked at."""
        for _ in range(20):
            found = self.js("return window.narrowcast?.drawn()")
            if found is not None:
                return found
            time.sleep(0.05)
        return None

    def last_id(self) -> int:
        """Highest id in view."""
        drawn = self.drawn()
        return _last_id(drawn) if drawn else 0

    def requests(self, path: str) -> int:
        """How many were made for `path` since the page was loaded, whatever the answer; the
        browser notes the first 250 of all.
        """
        script = """return performance.getEntriesByType("resource")
            .filter((entry) => new URL(entry.name).pathname === arguments[0]).length"""
        return int(self.js(script, path))

    def stored(self, session: str) -> dict[int, Any]:
        """What the store holds, by id."""
        samples: list[Any] = []
        wanted: Any = 1
        while wanted is not None:
            path = f"v1/sessions/{session}/samples?limit=10000&from={wanted}"
            page: Any = processes.get_json(f"{self.url}/{path}")
            samples += page["samples"]
            wanted = page["next"]
        return {sample["id"]: sample for sample in samples}

    def check_drawn_is_stored(self, session: str) -> None:
        """What is in view is what the store holds of that time: each sample, in order of time.

        Of the past it is so once that is loaded.
        """
        deadline_s = time.monotonic() + LOADED_S
        while True:
            drawn = self.drawn()
            stored = self.stored(session)
            expected = _in_view(drawn, stored)
            facts = [{name: s[name] for name in ("id", "t", "status")} for s in expected]
            if drawn["samples"] == facts or time.monotonic() > deadline_s:
                break
        assert drawn["samples"] == facts
        low, high = drawn["window"]
        read = [s for s in expected if s["status"] == "ok"]
        in_view = [p for p in drawn["curve"] if low <= p["t"] <= high]
        assert len(in_view) == len(read)
        for point, sample in zip(in_view, read, strict=True):
            assert point["t"] == sample["t"]
            assert point["valence"] == sample["valence"]
            assert abs(point["sigma"] - sample["sigma"]) < 1e-9
        self._check_strip(drawn, stored)

    def _check_strip(self, drawn: Any, stored: dict[int, Any]) -> None:  # noqa: ANN401
        """The strip's bins stand at multiples of their step: a little is beyond the window."""
        bins = drawn["strip"]
        step = drawn["step"]
        places = {round(each["t"] / step) for each in bins}
        inside = [s for s in stored.values() if math.floor(s["t"] / step) in places]
        if drawn["isLive"]:
            inside = [s for s in inside if s["id"] <= _last_id(drawn)]
        for place, name in enumerate(("ok", "no_face", "skipped", "lost")):
            painted = sum(each["counts"][place] for each in bins)
            assert painted == sum(s["status"] == name for s in inside), name


def _last_id(drawn: Any) -> int:  # noqa: ANN401
    return max((each["id"] for each in drawn["samples"]), default=0)


def _in_view(drawn: Any, stored: dict[int, Any]) -> list[Any]:  # noqa: ANN401
    """What is stored of the window, up to the newest that is drawn, in order of time."""
    low, high = drawn["window"]
    last_id = _last_id(drawn)
    found = (s for s in stored.values() if low <= s["t"] <= high and s["id"] <= last_id)
    return sorted(found, key=lambda s: (s["t"], s["seq"]))
