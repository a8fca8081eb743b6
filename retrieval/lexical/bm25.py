"""BM25 over our own words by tantivy, which can add and delete; words come in segmented, so no query syntax exists."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

_HEAP_BYTES = 32_000_000
_TEXT = "words"
_ID = "id"
_DOCUMENT = "document"


class LexicalIndex:
    """An inverted index of passages, in memory or in a folder. Not locked: its owner does that.

    >>> index = LexicalIndex()
    >>> index.add([("a#0", "a", ["return", "shoe"])])
    >>> [passage for passage, score in index.search(["shoe"], 5)]
    ['a#0']
    """

    def __init__(self, directory: Path | None = None) -> None:
        import tantivy

        builder = tantivy.SchemaBuilder()
        builder.add_text_field(_ID, stored=True, tokenizer_name="raw", index_option="basic")
        builder.add_text_field(_DOCUMENT, stored=False, tokenizer_name="raw", index_option="basic")
        builder.add_text_field(_TEXT, stored=False, tokenizer_name="whitespace", index_option="freq")
        self._schema = builder.build()
        self._index = tantivy.Index(self._schema, path=str(directory) if directory else None)
        self._writer: Any = self._index.writer(_HEAP_BYTES, 1)
        self._tantivy: Any = tantivy

    def add(self, passages: Iterable[tuple[str, str, Sequence[str]]]) -> None:
        """Add (passage id, document id, words); it is found once this returns."""
        for passage_id, document_id, words in passages:
            document = self._tantivy.Document()
            document.add_text(_ID, passage_id)
            document.add_text(_DOCUMENT, document_id)
            document.add_text(_TEXT, " ".join(words))
            self._writer.add_document(document)
        self._commit()

    def remove(self, document_ids: Iterable[str]) -> None:
        """Remove all passages of these documents; they are no longer found once this returns."""
        for document_id in document_ids:
            self._writer.delete_documents_by_term(_DOCUMENT, document_id)
        self._commit()

    def search(self, words: Sequence[str], limit: int) -> list[tuple[str, float]]:
        """The best passages (id, BM25 score), best first. A word that the query repeats counts as often."""
        if not words or limit < 1:
            return []
        t = self._tantivy
        counts: dict[str, int] = {}
        for word in words:
            counts[word] = counts.get(word, 0) + 1
        clauses = [(t.Occur.Should, self._clause(word, count)) for word, count in counts.items()]
        searcher = self._index.searcher()
        found = searcher.search(t.Query.boolean_query(clauses), limit, count=False).hits
        hits = [(str(searcher.doc(address)[_ID][0]), float(score)) for score, address in found]
        # The library orders equal scores by its segments, which differ from one index to the next.
        return sorted(hits, key=lambda hit: (-hit[1], hit[0]))

    def _clause(self, word: str, count: int) -> Any:
        query = self._tantivy.Query.term_query(self._schema, _TEXT, word, "freq")
        return query if count == 1 else self._tantivy.Query.boost_query(query, float(count))

    def _commit(self) -> None:
        self._writer.commit()
        self._index.reload()
