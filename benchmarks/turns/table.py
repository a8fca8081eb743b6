"""Puts the figures of benchmarks/results into docs/reference/durability.md, between its two marks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.page import put_between
from benchmarks.results import HERE

PAGE = HERE.parent.parent / "docs" / "reference" / "durability.md"
BEGIN = "<!-- figures: python -m benchmarks.turns table -->"

Found = dict[str, Any]


def write(page: Path = PAGE, results: Path = HERE) -> None:
    """Replace what stands between the marks. What was not measured is left out."""
    put_between(page, BEGIN, _figures(results))


def _figures(results: Path) -> str:
    tables = {
        "chaos": _chaos,
        "turns-overhead": _overhead,
        "turns-throughput": _throughput,
        "turns-recovery": _recovery,
        "turns-idle": _idle,
        "turns-talk": _talk,
    }
    blocks = []
    for name, table in tables.items():
        found = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(results.glob(f"{name}*.json"))]
        if found:
            blocks.append("\n".join(table(found)))
    return "\n\n".join(blocks)


def _when(found: Found) -> str:
    return f"({found['date']}, {found['hardware']['cores']} cores, {found['hardware']['processor']})"


def _chaos(found: list[Found]) -> Iterator[str]:
    yield f"**Broken on purpose** {_when(found[0])}\n"
    columns = ("database", "serves + workers", "turns", "people", "SIGKILLs", "lost", "doubled", "out of order", "cut")
    yield "| " + " | ".join((*columns, "in doubt", "minutes")) + " |"
    yield "| " + " | ".join(["---"] * (len(columns) + 2)) + " |"
    for one in found:
        plan = one["plan"]
        who = (one["database"], f"{plan['serves']} + {plan['workers']}", one["turns"], plan["people"], one["kills"])
        counts = (one[name] for name in ("lost", "doubled", "out_of_order", "cut", "in_doubt"))
        yield "| " + " | ".join(map(str, (*who, *counts, round(one["seconds"] / 60)))) + " |"


def _overhead(found: list[Found]) -> Iterator[str]:
    yield f"**From a message to the first message of its answer**, model excluded, in ms {_when(found[0])}\n"
    yield "| database | conversations | Parley p50 / p99 | echo p50 / p99 | ratio of p50 (least, most) |"
    yield "| --- | --- | --- | --- | --- |"
    for database in ("sqlite", "postgresql"):
        for name, one in found[0].get(database, {}).items():
            ours, theirs, ratio = one["parley_ms"], one["echo_ms"], one["ratio"]["p50"]
            yield (
                f"| {database} | {name} | {ours['p50']:.0f} / {ours['p99']:.0f} | {theirs['p50']:.0f} / "
                f"{theirs['p99']:.0f} | {ratio['median']} ({ratio['least']}, {ratio['most']}) |"
            )


def _throughput(found: list[Found]) -> Iterator[str]:
    yield f"**Turns a second**, {found[0]['people']} people who ask again at once {_when(found[0])}\n"
    yield "| what | median | least | most |\n| --- | --- | --- | --- |"
    for name, one in found[0].items():
        if isinstance(one, dict) and "turns_a_second" in one:
            yield f"| {name} | {one['turns_a_second']} | {one['least']} | {one['most']} |"


def _recovery(found: list[Found]) -> Iterator[str]:
    yield f"**From a kill to the answer**, in seconds, the start of Python included {_when(found[0])}\n"
    yield "| database | ready again | answered | answered, at most |\n| --- | --- | --- | --- |"
    for database in ("sqlite", "postgresql"):
        if database in found[0]:
            one = found[0][database]
            yield (
                f"| {database} | {one['to_ready']['median']} | {one['to_answer']['median']} "
                f"| {one['to_answer']['most']} |"
            )


def _idle(found: list[Found]) -> Iterator[str]:
    one = found[0]
    yield (
        f"**Idle conversations**: {one['megabytes_per_10000']} MB for 10,000, measured with {one['conversations']} "
        f"{_when(one)}."
    )


def _talk(found: list[Found]) -> Iterator[str]:
    one = found[0]
    lag, size = one["loop_lag_ms"], one["megabytes"]
    yield (
        f"**{one['hours']:.0f} hours of talk** in compressed time, {one['turns']} turns: the event loop is late by "
        f"{lag['p50']} ms (p50), {lag['p95']} ms (p95); memory goes from {size['after_warming']} to "
        f"{size['at_the_end']} MB, {one['megabytes_an_hour']} MB an hour {_when(one)}."
    )
