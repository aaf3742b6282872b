"""libFuzzer, which atheris brings: its flags, and what its lines say.

https://llvm.org/docs/LibFuzzer.html, sections Options and Output.
"""

import re
from dataclasses import dataclass
from pathlib import Path

HANG_S = 10
"""One input may take so long."""

MAX_RSS_MB = 1024
"""Over the parent's own peak, which Linux counts for a child's as it starts (getrusage(2))."""

MAX_GROWTH_MB = 64
"""From the seeds to the end: what a fuzzer itself keeps is far less, so more is a leak."""

_STATUS = re.compile(r"#(?P<inputs>\d+)\s+(?P<event>\w+) +cov: (?P<cov>\d+).* rss: (?P<rss>\d+)Mb")
_EXECUTED = re.compile(r"stat::number_of_executed_units: +(?P<inputs>\d+)")


def flags(seconds: float, max_bytes: int, corpus: Path, failures: Path) -> list[str]:
    """For a run of so many seconds; what fails is kept in `failures`."""
    return [
        f"-max_total_time={max(1, round(seconds))}",
        f"-timeout={HANG_S}",
        f"-rss_limit_mb={MAX_RSS_MB + _peak_mb()}",
        f"-max_len={max_bytes}",
        f"-artifact_prefix={failures}/",
        "-print_final_stats=1",
        str(corpus),
    ]


@dataclass
class Progress:
    """What has been read of a run's lines.

    coverage: branches and comparisons reached, by the seeds alone and so far. rss_mb: resident
    memory at its highest, at first and so far.
    """

    inputs: int = 0
    coverage_first: int = 0
    coverage: int = 0
    rss_first_mb: int = 0
    rss_mb: int = 0

    def figures(self, seconds: float) -> tuple[int, float, int, int, int, int]:
        """Inputs, seconds, coverage at first and in all, memory likewise."""
        coverage = self.coverage_first, self.coverage
        return self.inputs, seconds, *coverage, self.rss_first_mb, self.rss_mb

    def read(self, line: str) -> None:
        """Take one line into account; most say nothing."""
        if executed := _EXECUTED.match(line):
            self.inputs = int(executed["inputs"])
        if not (status := _STATUS.match(line)):
            return
        self.inputs = int(status["inputs"])
        self.coverage, self.rss_mb = int(status["cov"]), int(status["rss"])
        if status["event"] == "INITED":
            self.coverage_first, self.rss_first_mb = self.coverage, self.rss_mb


def _peak_mb() -> int:
    """Resident memory of this process at its highest."""
    import resource  # noqa: PLC0415 - there is none on Windows

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
