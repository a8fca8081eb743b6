"""The values that the knowledge base is made of.

Offsets count Unicode code points, as Python's `str` does. Scores called `confidence` lie in [0, 1].
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class DocumentKind(StrEnum):
    """What a document is: prose to be split into passages, or one question with its curated answer."""

    ARTICLE = "article"
    FAQ = "faq"


class PassageRole(StrEnum):
    """Which part of a document a passage holds."""

    TEXT = "text"  # a piece of an article
    WORDING = "wording"  # one way of asking an FAQ entry's question
    ANSWER = "answer"  # an FAQ entry's curated answer


@dataclass(frozen=True, slots=True)
class Document:
    """A source in the knowledge base.

    `id` is an FAQ entry's own id, or the file's name without its ending; it is unique in a knowledge base.
    For an FAQ entry, `title` is its question, `wordings` the other ways to ask it, and `text` the curated answer.
    `source` is where it came from (a path or `-`); documents of one file share it.
    `digest` is the SHA-256 (hex) of all that would change its passages.
    """

    id: str
    kind: DocumentKind
    title: str
    text: str
    language: str
    source: str
    digest: str
    wordings: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a document that is indexed and cited: `document.text[start:end] == text` unless it is a wording.

    `id` is `<document id>#<ordinal>`. A wording's offsets are 0 and 0: it is not part of the text.
    """

    id: str
    document_id: str
    ordinal: int
    role: PassageRole
    text: str
    start: int
    end: int
    language: str
    heading_path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that was found, and how.

    `confidence` is the calibrated likelihood that its document answers the query. Ranks count from 1 and are None
    where that part did not find the passage. `lexical_score` is BM25; `dense_score` a cosine in [-1, 1].
    """

    passage: Passage
    document: Document
    score: float
    confidence: float
    lexical_rank: int | None = None
    dense_rank: int | None = None
    lexical_score: float | None = None
    dense_score: float | None = None
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What confidence each kind of answer needs; calibrated for each knowledge base when its index is built."""

    curated: float = 0.85  # at least this: an FAQ entry's answer, word for word
    answerable: float = 0.45  # less than this, where an FAQ entry is nearest: Parley says that it does not know
    curated_glossed: float = 0.85  # `curated` for a language that the embedder reads through a gloss, or not at all
    answerable_prose: float = 0.45  # `answerable` where a passage of an article is nearest


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The best hits of a query, best first, at most one a document, with the thresholds of the snapshot they came from.

    `documents` is how many documents the knowledge base holds.
    """

    query: str
    language: str
    hits: tuple[Hit, ...]
    thresholds: Thresholds = field(default_factory=Thresholds)
    documents: int = 0


class IngestStatus(StrEnum):
    """What became of a document that was added."""

    ADDED = "added"
    REPLACED = "replaced"
    UNCHANGED = "unchanged"
    REMOVED = "removed"  # it was in an earlier version of the same file and is no longer there
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a file, or a row of one, was refused, for who says it in another language: see `retrieval.refusals`. `line`
    counts from 1 where it is known.
    """

    code: str
    values: Mapping[str, str] = field(default_factory=dict)
    line: int | None = None


@dataclass(frozen=True, slots=True)
class IngestOutcome:
    """One line of what `kb add` tells: a document, or a file that could not be read, and why."""

    status: IngestStatus
    source: str
    document_id: str | None = None
    title: str | None = None
    passages: int = 0
    reason: str | None = None
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class SnapshotManifest:
    """What a snapshot of the index holds. It is current while `revision` equals the store's."""

    id: str
    revision: int
    embedder: str
    dimension: int
    documents: int
    passages: int
    thresholds: Thresholds
    created_at: str  # ISO 8601, UTC
