"""Errors of the knowledge base. Each message is a sentence for the person, and says what to do.

RetrievalError
├── UnreadableDocument   a file cannot be read as a document (binary, too large, broken YAML, …)
├── SnapshotError        an index snapshot is missing, broken or of another version; it can be rebuilt from SQL
├── EmbeddingFailed      the embedder does not work at the moment; search goes by words alone
├── RerankingFailed      the reranker could not read the hits; they stay in their order
└── EvaluationError      an evaluation file is malformed
"""

from __future__ import annotations

from retrieval.refusals import sentence


class RetrievalError(Exception):
    """The root of the knowledge base's errors."""


class UnreadableDocument(RetrievalError):  # noqa: N818 - reads as a sentence where it is raised
    """A file cannot be read as a document: the reason by its code with what is named in it (`retrieval.refusals`), and
    as a sentence. `line` counts from 1 where it is known.
    """

    def __init__(self, code: str, *, source: str = "", line: int | None = None, **values: str) -> None:
        self.code = code
        self.values = values
        self.reason = reason = sentence(code, values)
        self.source = source
        self.line = line
        place = f"{source}, line {line}" if source and line else source or (f"line {line}" if line else "")
        super().__init__(f"{place}: {reason}" if place else reason)


class SnapshotError(RetrievalError):
    """A snapshot cannot be opened; the index is rebuilt from SQL instead."""


class EmbeddingFailed(RetrievalError):  # noqa: N818
    """The embedder does not work at the moment: search goes by words alone, and nothing can be added."""


class RerankingFailed(RetrievalError):  # noqa: N818
    """The reranker could not read the hits; they stay in the order in which they were found."""


class EvaluationError(RetrievalError):
    """An evaluation file is malformed."""
