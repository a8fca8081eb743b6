"""How good are the answers? Share right and supported; share of unanswerable questions declined.

    python -m benchmarks.answers DATA_DIR [--questions 100] [--models DIR]

DATA_DIR holds a folder a set, each with `corpus.jsonl` and `queries.jsonl` (id, question, answer; id, text, gold,
answers). Every other document of a set goes into the knowledge base: questions whose document is in it are answerable,
the others are not, though they are about the same things. An answer is *right* if it holds one of the gold answers
(FAQ sets: if it is the gold entry's), and *supported* if the gold document is cited.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import statistics
import tempfile
import unicodedata
from collections import Counter
from contextlib import aclosing
from pathlib import Path
from typing import Any

from benchmarks.results import save
from bot.bootstrap import Parley
from bot.delivery.inbox import CONSOLE_USER
from bot.domain import Completed, Failed, Reply
from bot.settings import load_settings

SETS = ("covid-faq-en", "xquad-en", "xquad-zh", "cmrc2018")


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def normalised(text: str) -> str:
    """Letters and digits alone, so that spaces, case and punctuation do not count."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).casefold())


def write_knowledge(folder: Path, corpus: list[dict[str, Any]]) -> None:
    """A FAQ file where the set has questions, else a text file a passage."""
    folder.mkdir()
    if corpus[0]["question"]:
        lines = [json.dumps({key: row[key] for key in ("id", "question", "answer")}) for row in corpus]
        (folder / "faq.jsonl").write_text("\n".join(lines), encoding="utf-8")
        return
    for row in corpus:
        (folder / f"{row['id']}.txt").write_text(row["answer"], encoding="utf-8")


async def ask(parley: Parley, text: str, number: int) -> Reply:
    turn = await parley.inbox.accept(CONSOLE_USER, f"console:{number}", text)
    async with aclosing(parley.conductor.answer(turn)) as events:
        async for event in events:
            if isinstance(event, Completed):
                return event.reply
            assert not isinstance(event, Failed), event.reason
    raise AssertionError("a turn ended without an event")


def is_right(reply: Reply, query: dict[str, Any]) -> bool:
    if "answers" not in query:
        return bool(reply.citations) and reply.citations[0].document in query["gold"]
    said = normalised(reply.text)
    return any(normalised(answer) in said for answer in query["answers"] if normalised(answer))


async def measure(name: str, data: Path, models: Path, questions: int) -> dict[str, Any]:
    corpus, queries = rows(data / name / "corpus.jsonl"), rows(data / name / "queries.jsonl")
    known = corpus[::2]
    ids = {row["id"] for row in known}
    random.Random(7).shuffle(queries)
    inside = [query for query in queries if set(query["gold"]) & ids][:questions]
    outside = [query for query in queries if not set(query["gold"]) & ids][:questions]
    with tempfile.TemporaryDirectory() as temporary:
        home = Path(temporary)
        (home / "models").symlink_to(models.resolve())
        write_knowledge(home / "knowledge", known)
        parley = Parley(load_settings(env={"PARLEY_HOME": str(home)}))
        parley.prepare(print)
        for outcome in parley.ingestor.add([home / "knowledge"]):
            assert outcome.reason is None, outcome
        answered = [(query, await ask(parley, query["text"], number)) for number, query in enumerate(inside)]
        declined = [await ask(parley, query["text"], 100_000 + number) for number, query in enumerate(outside)]
        await parley.aclose()
    return summarise(answered, declined)


def summarise(answered: list[tuple[dict[str, Any], Reply]], declined: list[Reply]) -> dict[str, Any]:
    outcomes = Counter(reply.outcome.value for _, reply in answered)
    curated = [(query, reply) for query, reply in answered if reply.outcome.value == "curated"]
    given = [(query, reply) for query, reply in answered if reply.outcome.value != "unknown"]
    return {
        "answerable": len(answered),
        "right": share([is_right(reply, query) for query, reply in answered]),
        "right_of_given": share([is_right(reply, query) for query, reply in given]),
        "supported": share(
            [bool({c.document for c in reply.citations} & set(query["gold"])) for query, reply in answered]
        ),
        "outcomes": dict(outcomes),
        "curated_right": share([is_right(reply, query) for query, reply in curated]),
        "unanswerable": len(declined),
        "declined": share([reply.outcome.value == "unknown" for reply in declined]),
        "wrongly_curated": share([reply.outcome.value == "curated" for reply in declined]),
        "median_ms": {
            outcome: round(
                statistics.median(r.timings_ms["total"] for _, r in answered if r.outcome.value == outcome), 1
            )
            for outcome in outcomes
        },
    }


def share(values: list[bool]) -> float | None:
    return round(sum(values) / len(values), 3) if values else None


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("data", type=Path)
    parser.add_argument("--questions", type=int, default=100)
    parser.add_argument("--models", type=Path, default=Path(".parley/models"))
    parser.add_argument("--sets", default=",".join(SETS))
    arguments = parser.parse_args()
    results = {}
    for name in arguments.sets.split(","):
        results[name] = await measure(name, arguments.data, arguments.models, arguments.questions)
        print(name, json.dumps(results[name]), flush=True)
    save("answers", {"questions": arguments.questions, "sets": results})


if __name__ == "__main__":
    asyncio.run(main())
