"""`GET /debug/stages` of a real decoder process."""

import asyncio
from pathlib import Path
from typing import Any

from narrowcast_lab import processes, serve_bench_clips
from narrowcast_lab.serve_bench_load import Plan, play
from narrowcast_shared.operating_point import Rung


def test_totals_grow_with_what_is_served(tmp_path: Path) -> None:
    rung = Rung(16, 30)
    clips = serve_bench_clips.make(rung, 50, 1, 10)
    with processes.decoder(tmp_path) as url:
        before: Any = processes.get_json(f"{url}/debug/stages")
        asyncio.run(play(Plan(url, "s", rung, clips, 2, 2, 50, 60, 0, 1), lambda: None))
        after: Any = processes.get_json(f"{url}/debug/stages")
        described: Any = processes.get_json(f"{url}/openapi.json")
    assert before["frames"] == before["batches"] == 0
    assert after["frames"] == 120, "read, or shed where others keep the machine busy"
    assert 0 < after["batches"] <= 120
    assert after["resident_bytes"] > 10_000_000
    spent = {
        name: cpu_s - before["stages_cpu_s"][name] for name, cpu_s in after["stages_cpu_s"].items()
    }
    # Of receive, parse and report one passage in many is timed: test_stages.py has those.
    always = ("decode", "model", "publish", "store")
    assert all(spent[stage] > 0 for stage in always), spent
    assert all(cpu_s >= 0 for cpu_s in spent.values()), spent
    assert spent["decode"] + spent["model"] < after["cpu_s"] - before["cpu_s"]
    assert "/debug/stages" not in described["paths"]
