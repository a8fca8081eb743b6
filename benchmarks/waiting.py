"""How long does a person wait, and how much memory does it take?

    python -m benchmarks.waiting [--models DIR] [--rounds 5]

Whole commands are timed from outside, against `python -c pass` and against importing torch and transformers, which is
what any assistant with a model in its process pays. A curated answer is timed inside one process, from the message to
the kept reply, the database's sync to disk included.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import aclosing
from pathlib import Path

from benchmarks.results import save
from bot.bootstrap import Parley
from bot.delivery.inbox import CONSOLE_USER
from bot.domain import Completed
from bot.examples_folder import example_folder
from bot.settings import load_settings

QUESTION = "What is a hallucination?"
PARAPHRASE = "Why would a chatbot invent facts?"
PARLEY = [sys.executable, "-m", "bot"]
COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "import torch, transformers": [sys.executable, "-c", "import torch, transformers.models.bert.modeling_bert"],
    "parley --help": [*PARLEY, "--help"],
    "parley ask, a known wording": [*PARLEY, "ask", QUESTION],
    "parley ask, a new wording": [*PARLEY, "ask", PARAPHRASE],
}


def spread(values: list[float]) -> dict[str, float]:
    """Median, lowest and highest."""
    return {name: round(f(values), 4) for name, f in (("median", statistics.median), ("low", min), ("high", max))}


def whole_commands(home: Path, rounds: int) -> dict[str, dict[str, float]]:
    """Seconds of each command; the rounds take turns, so that a busy moment hits all of them."""
    seconds: dict[str, list[float]] = {name: [] for name in COMMANDS}
    environment = os.environ | {"PARLEY_HOME": str(home)}
    for _ in range(rounds):
        for name, command in COMMANDS.items():
            started = time.perf_counter()
            subprocess.run(command, env=environment, check=True, capture_output=True)
            seconds[name].append(time.perf_counter() - started)
    return {name: spread(values) for name, values in seconds.items()}


async def one_turn(parley: Parley, text: str, number: int) -> float:
    """Milliseconds from the message to the kept reply."""
    started = time.perf_counter()
    turn = await parley.inbox.accept(CONSOLE_USER, f"console:{number}", text)
    async with aclosing(parley.conductor.answer(turn)) as events:
        async for event in events:
            if isinstance(event, Completed):
                return (time.perf_counter() - started) * 1000
    raise AssertionError("no reply")


async def inside(parley: Parley, turns: int = 100) -> dict[str, object]:
    await one_turn(parley, QUESTION, -1)
    known = [await one_turn(parley, QUESTION, number) for number in range(turns)]
    before = peak_mb()
    await one_turn(parley, PARAPHRASE, -2)
    new = [await one_turn(parley, PARAPHRASE, turns + number) for number in range(turns)]
    return {
        "known_wording_ms": spread(known),
        "new_wording_ms": spread(new),
        "memory_mb_before_any_model": before,
        "memory_mb_with_the_embedder": peak_mb(),
    }


def peak_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--models", type=Path, default=Path(".parley/models"))
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        home = Path(temporary)
        (home / "models").symlink_to(arguments.models.resolve())
        environment = os.environ | {"PARLEY_HOME": str(home)}
        folder = str(example_folder("llm-faq"))
        subprocess.run([*PARLEY, "kb", "add", folder], env=environment, check=True, capture_output=True)
        result: dict[str, object] = {"seconds": whole_commands(home, arguments.rounds)}
        parley = Parley(load_settings(env={"PARLEY_HOME": str(home)}))
        result |= asyncio.run(inside(parley))
        asyncio.run(parley.aclose())
    path = save("waiting", result)
    print(path.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
