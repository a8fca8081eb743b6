"""The benchmark of turns, small: it measures what it says, on both sides."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.page import END
from benchmarks.turns import idle, overhead, recovery, table
from benchmarks.turns.line import parley, peer
from benchmarks.turns.measures import at_once, quantiles, ratio
from tests.chaos.process import AVAILABLE

pytestmark = pytest.mark.skipif(not AVAILABLE, reason="its processes are those of the chaos, which Linux alone has")


async def test_both_sides_answer_everybody_once(tmp_path: Path) -> None:
    async with parley(tmp_path) as ours, peer() as theirs:
        for line in (ours, theirs):
            places = [line.place() for _ in range(3)]
            assert all(seconds > 0 for seconds in await at_once(line, places))
            shown = [[each.author for each in place.shown()] for place in places]
            assert [authors.count("Parley") for authors in shown] == [1, 1, 1]
        assert ours.memory() > 10


async def test_a_killed_process_is_followed_by_one_that_answers(tmp_path: Path) -> None:
    found = await recovery.measure(tmp_path, {"sqlite": lambda: ""}, rounds=1)
    assert 0 < found["sqlite"]["to_ready"]["median"] <= found["sqlite"]["to_answer"]["most"]


def test_the_figures_are_what_they_say() -> None:
    assert quantiles([0.001] * 98 + [0.002, 0.003]) == {"p50": 1.0, "p99": 3.0}
    assert ratio([2.0, 9.0, 4.0], [1.0, 3.0, 1.0]) == {"median": 3.0, "least": 2.0, "most": 4.0}
    assert idle.TOGETHER <= idle.WARM
    compared = overhead._compared([[0.004, 0.006]], [[0.002, 0.003]])
    assert compared["added_ms"] == {"p50": 3.0, "p99": 3.0}
    assert compared["ratio"]["p50"]["median"] == 2.0


def test_the_page_takes_the_saved_figures(tmp_path: Path) -> None:
    page = tmp_path / "durability.md"
    page.write_text(f"before\n{table.BEGIN}\nold\n{END}\nafter\n")
    hardware = {"cores": 2, "processor": "a processor"}
    counts = dict.fromkeys(("lost", "doubled", "out_of_order", "cut", "in_doubt"), 0)
    plan = {"people": 5, "serves": 1, "workers": 0}
    saved = {"date": "2026-11-26", "hardware": hardware, "database": "sqlite", "plan": plan, **counts}
    (tmp_path / "chaos-sqlite.json").write_text(json.dumps({**saved, "turns": 70, "kills": 8, "seconds": 60.0}))
    table.write(page, tmp_path)
    text = page.read_text()
    assert "| sqlite | 1 + 0 | 70 | 5 | 8 | 0 | 0 | 0 | 0 | 0 | 1 |" in text
    assert "old" not in text
    assert text.startswith("before")
    assert text.endswith("after\n")
