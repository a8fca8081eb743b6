"""The public evaluation sets as knowledge bases: documents, queries with their right documents, and foreign questions.

The folder is given on the command line or as PARLEY_EVAL_DATA; each set is a folder with `corpus.jsonl` and
`queries.jsonl`, or, for intents, `train.jsonl`, `val.jsonl` and out-of-scope questions.
"""

from __future__ import annotations

import json
import random
from collections import defaultdict
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from retrieval.readers import read
from retrieval.types import Document, DocumentKind

ROOT = Path(__file__).parents[2]
EXAMPLES, TEST_DATA = ROOT / "examples", ROOT / "tests" / "data"
EXAMPLE_SETS = {"shop-faq": "shop-{}-paraphrases.jsonl", "llm-faq": "llm-{}.jsonl"}


@dataclass
class EvalSet:
    """One set; `queries` are (text, ids of the right documents), `foreign` what no document answers."""

    name: str
    documents: list[Document]
    queries: list[tuple[str, frozenset[str]]]
    foreign: list[str] = field(default_factory=list)


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().split("\n") if line.strip()]


def _document(key: str, question: str, answer: str, language: str, wordings: tuple[str, ...] = ()) -> Document:
    kind = DocumentKind.FAQ if question else DocumentKind.ARTICLE
    return Document(key, kind, question or key, answer, language, "set", f"{key}:{len(answer)}", wordings)


def corpus_set(folder: Path, language: str, limit: int, most: int) -> EvalSet:
    """A set of FAQ entries or passages with questions; with fewer documents, the questions to the others go too."""
    documents = [
        _document(row["id"], row["question"], row["answer"], language) for row in rows(folder / "corpus.jsonl")[:most]
    ]
    known = {document.id for document in documents}
    queries = [
        (row["text"], frozenset(row["gold"])) for row in rows(folder / "queries.jsonl") if set(row["gold"]) <= known
    ]
    random.Random(7).shuffle(queries)
    return EvalSet(folder.name, documents, queries[:limit])


def intent_set(folder: Path, wordings: int, limit: int) -> EvalSet:
    """Intents as FAQ entries with some wordings each; the other wordings are the queries."""
    by_label: dict[str, list[str]] = defaultdict(list)
    for row in rows(folder / "train.jsonl"):
        by_label[row["label"]].append(row["text"])
    draw = random.Random(7)
    documents, queries = [], []
    for label, texts in sorted(by_label.items()):
        if label == "oos":
            continue
        draw.shuffle(texts)
        first, *others = texts[:wordings]
        documents.append(_document(label, first, label.replace("_", " "), "en", tuple(others)))
        queries += [(text, frozenset({label})) for text in texts[wordings : wordings + 20]]
    draw.shuffle(queries)
    foreign = [row["text"] for path in sorted(folder.glob("oos_*.jsonl")) for row in rows(path)]
    return EvalSet(f"{folder.name}-{wordings}", documents, queries[:limit], foreign)


def example_sets(limit: int) -> list[EvalSet]:
    """The project's own paraphrases on the examples, in each language; and Chinese ones on the English part alone."""
    foreign = rows(TEST_DATA / "out-of-scope.jsonl")
    sets = []
    for name, kept in EXAMPLE_SETS.items():
        documents = example_documents(name)
        english = [document for document in documents if document.language == "en"]
        for spoken, indexed, known in (("en", "en", documents), ("zh", "zh", documents), ("zh", "en", english)):
            queries = [
                (row["question"], frozenset(key.replace(f".{spoken}", f".{indexed}") for key in row["relevant"]))
                for row in rows(TEST_DATA / kept.format(spoken))
            ]
            label = f"{name}-{spoken}" if spoken == indexed else f"{name}-{spoken}-to-{indexed}"
            outside = [row["text"] for row in foreign if row["language"] == spoken]
            sets.append(EvalSet(label, known, queries[:limit], outside))
    return sets


def example_documents(name: str) -> list[Document]:
    """Everything in an example's folder: FAQ entries and articles."""
    files = sorted(path for path in (EXAMPLES / name).iterdir() if path.suffix in {".md", ".yaml"})
    return [document for path in files for document in read(str(path), path.read_bytes())[0]]


def traditional(one: EvalSet) -> EvalSet:
    """A Chinese set in traditional characters (OpenCC, s2t): a stand-in for sets that were written so."""
    import opencc

    convert = opencc.OpenCC("s2t").convert
    documents = [replace(d, title=convert(d.title), text=convert(d.text)) for d in one.documents]
    queries = [(convert(text), right) for text, right in one.queries]
    return EvalSet(f"{one.name}-traditional", documents, queries, [convert(text) for text in one.foreign])


def load(data: Path, limit: int = 10**9, most: int = 10**9) -> list[EvalSet]:
    """All sets below a folder, and the examples; at most `limit` queries and, of passages, `most` documents a set."""
    out_of_scope = [row["text"] for row in rows(data / "clinc150" / "oos_val.jsonl")]
    sets = [
        *example_sets(limit),
        corpus_set(data / "covid-faq-en", "en", limit, 10**9),
        intent_set(data / "clinc150", 1, min(limit, 500)),
        intent_set(data / "clinc150", 5, min(limit, 500)),
        intent_set(data / "banking77", 5, min(limit, 500)),
        corpus_set(data / "xquad-en", "en", limit, most),
        corpus_set(data / "xquad-zh", "zh", limit, most),
        corpus_set(data / "cmrc2018", "zh", limit, most),
    ]
    by_name = {one.name: one for one in sets}
    for name in ("covid-faq-en", "banking77-5", "xquad-en"):
        by_name[name].foreign = out_of_scope
    by_name["xquad-zh"].foreign = [text for text, _ in by_name["cmrc2018"].queries]
    by_name["cmrc2018"].foreign = [text for text, _ in by_name["xquad-zh"].queries]
    return [*sets, traditional(by_name["cmrc2018"])]
