"""How well search finds the right documents: recall@k and mrr@10 over questions with known answers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from retrieval.errors import EvaluationError
from retrieval.search import Searcher

_DEPTH = 10
_CUTS = (1, 5, 10)


@dataclass(frozen=True, slots=True)
class Question:
    """A question and the ids of the documents that answer it; `place` names file and line."""

    text: str
    relevant: frozenset[str]
    place: str = field(default="", compare=False)


def read_questions(path: Path) -> list[Question]:
    """Questions from JSONL, `{"question": …, "relevant": [ids]}` a line. Raises EvaluationError with the line."""
    try:
        content = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise EvaluationError(f"{path} cannot be opened ({error.strerror}); check the path.") from error
    except UnicodeDecodeError as error:
        raise EvaluationError(f"{path} is not UTF-8 text; save it as UTF-8.") from error
    questions = parse_questions(content.split("\n"), path.name)
    if not questions:
        raise EvaluationError(f"{path} has no questions; write one JSON object a line.")
    return questions


def parse_questions(lines: Iterable[str], source: str = "the file") -> list[Question]:
    """Questions from lines; empty lines are skipped. Raises EvaluationError with the line."""
    return [_question(line, f"{source}, line {number}") for number, line in enumerate(lines, 1) if line.strip()]


def _question(line: str, place: str) -> Question:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise EvaluationError(f"{place}: this is not valid JSON.") from error
    text = row.get("question") if isinstance(row, dict) else None
    relevant = row.get("relevant") if isinstance(row, dict) else None
    if not isinstance(text, str) or not text.strip():
        raise EvaluationError(f"{place}: the field `question` is missing or is no text.")
    if not isinstance(relevant, list) or not relevant or not all(isinstance(key, str) for key in relevant):
        raise EvaluationError(f"{place}: the field `relevant` must be a list of document ids with at least one.")
    return Question(text, frozenset(relevant), place)


def evaluate(searcher: Searcher, questions: Sequence[Question], *, parts: bool = False) -> dict[str, Any]:
    """`recall@1`, `recall@5`, `recall@10`, `mrr@10` and `n`; with `parts` the same of lexical and dense alone.

    Recall is the share of a question's right documents among the first k found, at most k of them; documents count,
    not passages. A right id that the knowledge base does not have counts as not found.
    """
    fused, lexical, dense = [], [], []
    for question in questions:
        result = searcher.search(question.text, _DEPTH, full=True)
        fused.append([hit.document.id for hit in result.hits])
        if parts:
            alone = searcher.parts(question.text, _DEPTH)
            lexical.append([key for key, _ in alone.lexical])
            dense.append([key for key, _ in alone.dense])
    measured: dict[str, Any] = dict(scores(fused, questions))
    if parts:
        measured["parts"] = {"lexical": scores(lexical, questions), "dense": scores(dense, questions)}
    return measured


def scores(ranked: Sequence[Sequence[str]], questions: Sequence[Question]) -> dict[str, float | int]:
    """Measures of ranked lists of document ids, one a question."""
    n = len(questions)
    measured: dict[str, float | int] = {}
    for cut in _CUTS:
        found = (
            len(question.relevant & set(ids[:cut])) / min(cut, len(question.relevant))
            for ids, question in zip(ranked, questions, strict=True)
        )
        measured[f"recall@{cut}"] = sum(found) / n if n else 0.0
    firsts = (
        next((1 / place for place, key in enumerate(ids[:_DEPTH], 1) if key in question.relevant), 0.0)
        for ids, question in zip(ranked, questions, strict=True)
    )
    measured["mrr@10"] = sum(firsts) / n if n else 0.0
    measured["n"] = n
    return measured
