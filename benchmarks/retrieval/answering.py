"""What calibrated thresholds do: questions answered, declined, and curated answers that are right.

    python -m benchmarks.retrieval.answering DATA_DIR --model MINILM_FOLDER [--queries 300]

Knowledge bases: the examples alone and together, an FAQ, and passages of which every second is left out.
`grounded`: can the confidence of one passage alone tell whether it answers?
Writes benchmarks/results/retrieval-answering.json.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.results import save
from benchmarks.retrieval.measure import Cached, auroc, index, prepare
from benchmarks.retrieval.recall import parser
from benchmarks.retrieval.sets import EXAMPLE_SETS, TEST_DATA, corpus_set, example_documents, rows
from retrieval.calibrate import calibrate, confidence
from retrieval.foreign_questions import FOREIGN
from retrieval.fusion import Candidate, Query, Sight, rank
from retrieval.index.state import IndexState
from retrieval.types import Document, DocumentKind, PassageRole, Thresholds

SIGHT = {"en": Sight.FLUENT, "zh": Sight.GLOSSED}
GROUNDED = {"xquad-en": "en", "xquad-zh": "zh", "cmrc2018": "zh"}


@dataclass(frozen=True, slots=True)
class Base:
    """A knowledge base with questions: answerable ones with their documents, near ones and far ones without."""

    name: str
    documents: list[Document]
    answerable: list[tuple[str, frozenset[str]]]
    near: list[str]
    far: list[str]


def bases(data: Path, limit: int) -> list[Base]:
    asked = {name: _paraphrases(kept) for name, kept in EXAMPLE_SETS.items()}
    near, far = _foreign()
    documents = {name: example_documents(name) for name in EXAMPLE_SETS}
    made = [
        Base(name, documents[name], asked[name], near[name], far + near[other])
        for name, other in (("shop-faq", "llm-faq"), ("llm-faq", "shop-faq"))
    ]
    together = [queries for some in asked.values() for queries in some]
    every = [document for some in documents.values() for document in some]
    made.append(Base("shop-faq + llm-faq", every, together, near["shop-faq"] + near["llm-faq"], far))
    outside = {language: [row["text"] for row in _out_of_scope() if row["language"] == language] for language in SIGHT}
    covid = corpus_set(data / "covid-faq-en", "en", limit, 10**9)
    made.append(Base(covid.name, covid.documents, covid.queries, [], outside["en"]))
    made += [_halved(data / name, language, limit, outside[language]) for name, language in GROUNDED.items()]
    return made


def _paraphrases(kept: str) -> list[tuple[str, frozenset[str]]]:
    found = [row for language in SIGHT for row in rows(TEST_DATA / kept.format(language))]
    return [(row["question"], frozenset(row["relevant"])) for row in found]


def _out_of_scope() -> list[dict[str, Any]]:
    return rows(TEST_DATA / "out-of-scope.jsonl")


def _foreign() -> tuple[dict[str, list[str]], list[str]]:
    """Near ones by example, and far ones: in each language 25 near the shop, 25 near the models, then far ones."""
    near: dict[str, list[str]] = {"shop-faq": [], "llm-faq": []}
    far: list[str] = []
    for language in SIGHT:
        texts = [row["text"] for row in _out_of_scope() if row["language"] == language]
        near["shop-faq"] += texts[:25]
        near["llm-faq"] += texts[25:50]
        far += texts[50:]
    return near, far


def _halved(folder: Path, language: str, limit: int, far: list[str]) -> Base:
    """Every second passage left out: its questions cannot be answered."""
    whole = corpus_set(folder, language, limit, 10**9)
    kept = {document.id for document in whole.documents[::2]}
    answerable = [(text, right) for text, right in whole.queries if right & kept]
    near = [text for text, right in whole.queries if not right & kept]
    return Base(f"{folder.name}, half", whole.documents[::2], answerable, near, far)


def effect(base: Base, embedder: Cached) -> dict[str, Any]:
    """Shares of questions by outcome under the calibrated thresholds, and under the fixed defaults."""
    state = index(base.documents, embedder)
    foreign = [
        query
        for language, texts in FOREIGN.items()
        if state.languages.get(language)
        for query in _queries(texts, embedder)
    ]
    chosen = calibrate(state, SIGHT, foreign)
    firsts = [
        (_first(state, query), right)
        for query, (_, right) in zip(_queries([t for t, _ in base.answerable], embedder), base.answerable, strict=True)
    ]
    outside = {
        name: [_first(state, query) for query in _queries(texts, embedder)]
        for name, texts in (("near", base.near), ("far", base.far))
    }
    return {
        name: _shares(state, firsts, outside, limits)
        for name, limits in (("calibrated", chosen), ("defaults", Thresholds()))
    }


First = tuple[str, float]


def _queries(texts: Sequence[str], embedder: Cached) -> list[Query]:
    if not texts:
        return []
    return [prepare(text, row) for text, row in zip(texts, embedder.embed(texts, "query"), strict=True)]


def _first(state: IndexState, query: Query) -> First:
    found = rank(state, query)[0]
    return (found[0].document_id, confidence(found[0], query)) if found else ("", 0.0)


def _shares(
    state: IndexState, firsts: list[tuple[First, frozenset[str]]], outside: dict[str, list[First]], limits: Thresholds
) -> dict[str, float]:
    def is_curated(first: First) -> bool:
        return first[1] >= limits.curated and state.documents[first[0]].kind is DocumentKind.FAQ

    def share(values: Sequence[bool]) -> float:
        return sum(values) / len(values) if values else float("nan")

    answered = [(first, right) for first, right in firsts if first[1] >= limits.answerable]
    curated = [first[0] in right for first, right in firsts if is_curated(first)]
    return {
        "curated_threshold": limits.curated,
        "answerable_threshold": limits.answerable,
        "answered": len(answered) / len(firsts),
        "answered_right": share([first[0] in right for first, right in answered]),
        "curated": len(curated) / len(firsts),
        "curated_right": share(curated),
        **{f"declined_{name}": share([f[1] < limits.answerable for f in some]) for name, some in outside.items()},
        **{f"curated_{name}": share([is_curated(f) for f in some]) for name, some in outside.items()},
    }


def grounded(folder: Path, language: str, limit: int, embedder: Cached) -> dict[str, float]:
    """AUROC of a passage's own confidence (no margin) on answerable and unanswerable twins, beside its cosine."""
    pairs = rows(folder / "grounded.jsonl")
    twins = [row for row in pairs if f"{row['id']}-neg" in {other["id"] for other in pairs}][:limit]
    wanted = {row["id"] for row in twins} | {f"{row['id']}-neg" for row in twins}
    asked = [row for row in pairs if row["id"] in wanted]
    texts = list(dict.fromkeys(row["context"] for row in asked))
    keys = {text: f"passage-{number}" for number, text in enumerate(texts)}
    documents = [Document(keys[t], DocumentKind.ARTICLE, keys[t], t, language, "set", keys[t]) for t in texts]
    state = index(documents, embedder)
    by_confidence: dict[bool, list[float]] = {True: [], False: []}
    by_cosine: dict[bool, list[float]] = {True: [], False: []}
    for row, query in zip(asked, _queries([row["question"] for row in asked], embedder), strict=True):
        alone = _alone(state, query, keys[row["context"]])
        by_confidence[bool(row["answerable"])].append(confidence(alone, query))
        by_cosine[bool(row["answerable"])].append(alone.cosine)
    return {
        "confidence": auroc(by_confidence[True], by_confidence[False]),
        "cosine": auroc(by_cosine[True], by_cosine[False]),
        "pairs": len(twins),
    }


def _alone(state: IndexState, query: Query, document_id: str) -> Candidate:
    others = [key for key in state.documents if key != document_id]
    found = rank(state, query, without_documents=set(others))[0]
    if found:
        return replace(found[0], margin=0.0)
    item = next(item for item in state.of_document[document_id] if item.passage.role is PassageRole.TEXT)
    return Candidate(document_id, item, 0.0, state.cosines([item], query.vector)[0], 0.0, 0.0)


def main(arguments: Sequence[str]) -> None:
    options = parser().parse_args(arguments)
    embedder = Cached.open(Path(options.model), Path(options.vectors))
    data = Path(options.data)
    effects, twins = {}, {}
    for base in bases(data, options.queries):
        effects[base.name] = effect(base, embedder)
        for kind, row in effects[base.name].items():
            print(f"{base.name:<20}{kind:<11}" + " ".join(f"{k} {v:.2f}" for k, v in row.items()), flush=True)
    for name, language in GROUNDED.items():
        twins[name] = grounded(data / name, language, options.queries, embedder)
        print(f"grounded {name:<12}" + " ".join(f"{k} {v:.3f}" for k, v in twins[name].items()), flush=True)
    if not options.dry:
        save("retrieval-answering", {"thresholds": effects, "grounded": twins})


if __name__ == "__main__":
    main(sys.argv[1:])
