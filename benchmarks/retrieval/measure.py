"""What the benchmarks share: a set indexed, its queries asked, vectors kept on disk between runs."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.retrieval.sets import EvalSet
from retrieval.chunking import split
from retrieval.embedding.lexicon import LexiconEmbedder
from retrieval.embedding.routed import RoutedEmbedder
from retrieval.fusion import Candidate, Query, Sight, rank
from retrieval.index.state import IndexState, searchable
from retrieval.language import detect
from retrieval.ports import Embedder, Use
from retrieval.tokenize import content_words, words
from retrieval.types import Document

if TYPE_CHECKING:
    from retrieval.ports import Vectors


class Cached:
    """An embedder whose vectors are kept in a file of our own making, by the text's digest."""

    @classmethod
    def open(cls, model: Path, vectors: Path) -> Cached:
        """As Parley wires it: the encoder in `model` for English, through the lexicon for Chinese."""
        from models.encoders.transformer_encoder import TransformerEncoder

        dense = TransformerEncoder(model, name="all-minilm-l6-v2", languages={"en"}, threads=2)
        return cls(RoutedEmbedder(dense, LexiconEmbedder(dense)), vectors)

    def __init__(self, embedder: Embedder, path: Path) -> None:
        self.embedder, self.path = embedder, path
        self.known: dict[str, Vectors] = pickle.loads(path.read_bytes()) if path.exists() else {}

    def embed(self, texts: Sequence[str], use: Use) -> Vectors:
        import numpy as np

        keys = [hashlib.sha256(f"{self.embedder.name} {text}".encode()).hexdigest() for text in texts]
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in self.known}
        if missing:
            self.known |= dict(zip(missing, self.embedder.embed(list(missing.values()), use), strict=True))
            self.path.write_bytes(pickle.dumps(self.known))
        return np.stack([self.known[key] for key in keys])


@dataclass
class Asked:
    """A query with what was found, with its right documents (none for a foreign question)."""

    query: Query
    right: frozenset[str]
    found: list[Candidate]
    lexical: list[str]
    dense: list[str]
    cosine: float = 0.0  # the highest of any passage
    without_right: list[Candidate] = field(default_factory=list)  # found when the right documents are left out
    held_out: bool = False  # no parameter was chosen by it


def index(documents: Sequence[Document], embedder: Cached) -> IndexState:
    """Documents split and indexed."""
    passages = [passage for document in documents for passage in split(document)]
    vectors = embedder.embed([searchable(passage) for passage in passages], "passage")
    state = IndexState(vectors.shape[1], len(documents))
    state.add(documents, zip(passages, vectors, strict=True))
    return state


def ask(one: EvalSet, embedder: Cached) -> list[Asked]:
    """Index a set and ask all of its queries, then the foreign ones; every second of each is held out."""
    state = index(one.documents, embedder)
    asked = [*one.queries, *((text, frozenset[str]()) for text in one.foreign)]
    rows = embedder.embed([text for text, _ in asked], "query")
    found = [_ask(state, text, right, row) for (text, right), row in zip(asked, rows, strict=True)]
    for place, item in enumerate(found):
        item.held_out = bool(place % 2)
    return found


def prepare(text: str, row: Vectors) -> Query:
    """A query with its vector, as the product makes it."""
    language = detect(text)
    tokens = tuple(words(text, language))
    topic = tuple(dict.fromkeys(content_words(text, language))) or tuple(dict.fromkeys(tokens))
    sight = Sight.FLUENT if language != "zh" else Sight.GLOSSED
    return Query(text, language, tokens, topic, row, sight)


def _ask(state: IndexState, text: str, right: frozenset[str], row: Vectors) -> Asked:
    query = prepare(text, row)
    found, parts = rank(state, query)
    without = rank(state, query, without_documents=right)[0][:2] if right else []
    cosine = parts.dense[0][1] if parts.dense else 0.0
    return Asked(query, right, found, [k for k, _ in parts.lexical], [k for k, _ in parts.dense], cosine, without)


def auroc(positive: Sequence[float], negative: Sequence[float]) -> float:
    """The likelihood that a random positive scores above a random negative (ties count half)."""
    import numpy as np

    if not positive or not negative:
        return float("nan")
    good, bad = np.asarray(positive)[:, None], np.asarray(negative)[None, :]
    return float((good > bad).mean() + 0.5 * (good == bad).mean())
