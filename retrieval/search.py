"""Search: a question in, the documents that answer it out, with how sure that is.

What changed in the store is indexed before each search. A question that is word for word a wording of an FAQ entry
needs neither index nor embedder. While the embedder does not work, search goes by words alone; once it does, vectors
count again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from threading import RLock

from retrieval.catalogue import Catalogue
from retrieval.current import CurrentIndex, OpenShared
from retrieval.fusion import Parts, Query, Sight, rank
from retrieval.hits import hit_of, merged
from retrieval.index.state import IndexState
from retrieval.language import detect
from retrieval.ports import Embedder, KnowledgeStore, Reranker
from retrieval.queries import QueryReader, blinded
from retrieval.rerank import DEPTH, reranked
from retrieval.snapshots import SnapshotKeeper
from retrieval.thresholds import ThresholdKeeper
from retrieval.translations import in_language
from retrieval.types import Hit, SearchResult, Thresholds

MAX_QUERY = 2000  # characters that are searched; a longer message is searched by its beginning


class Searcher:
    """Searches one knowledge base. Safe to call from several threads.

    >>> from retrieval.memory import MemoryKnowledgeStore
    >>> from retrieval.embedding.hashed import HashedEmbedder
    >>> Searcher(MemoryKnowledgeStore(), HashedEmbedder()).search("anything").hits
    ()
    """

    def __init__(
        self,
        store: KnowledgeStore,
        embedder: Embedder,
        index_dir: Path | None = None,
        *,
        default_language: str = "en",
        thresholds: Thresholds | None = None,
        shared: OpenShared | None = None,
        reranker: Reranker | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`thresholds`, if given, are used instead of calibrated ones. Snapshots are kept in `index_dir`, if given.
        `shared` gives the vector index of the store's own for an embedder's name and dimension, or None where there is
        none; it is asked once, at the first search. Without it the vectors are indexed in this process. `reranker`
        puts what was found in its own order.
        """
        self._reader = QueryReader(embedder)
        self._thresholds = ThresholdKeeper(self._reader, thresholds)
        snapshots = SnapshotKeeper(store, embedder, index_dir)
        self._index = CurrentIndex(store, embedder, self._thresholds, snapshots, shared, now)
        self._lock = RLock()  # around the index
        self._reranker = reranker
        self._default_language = default_language

    def search(
        self,
        query: str,
        k: int = 5,
        language: str | None = None,
        *,
        answer_in: str | None = None,
        full: bool = False,
    ) -> SearchResult:
        """The best `k` documents, best first; `full` searches on even where a wording matches exactly.

        `language` is the question's; an entry that also exists in the language `answer_in` (the question's, unless it
        is given) is led by its twin in that. Where the embedder fails, the words decide alone. Raises RetrievalError
        from the store.
        """
        text = _searched(query)
        catalogue = self._index.catalogue()
        exact = catalogue.exact(text, language)
        if exact and not full:
            spoken = language or exact[0].document.language
            return self._result(text, spoken, exact, k, catalogue, self._reader.sight(spoken), answer_in)
        spoken = language or detect(text, self._default_language)
        if exact:
            exact = catalogue.exact(text, spoken)
        if not catalogue.documents or not text.strip():
            return self._result(text, spoken, [], k, catalogue, self._reader.sight(spoken), answer_in)
        asked = self._reader.read_or_blind(text, spoken)
        with self._lock:
            state, catalogue, asked = self._current(asked)
            found, _ = rank(state, asked)
            depth = max(k, DEPTH) if self._reranker else k
            hits = merged(exact, [hit_of(state, one, asked) for one in found[: depth + len(exact)]])
        if self._reranker:  # outside of the lock: it takes its time, and others search meanwhile
            hits = reranked(self._reranker, text, hits)
        return self._result(text, spoken, hits, k, catalogue, asked.sight, answer_in)

    def parts(self, query: str, k: int = 10, language: str | None = None) -> Parts:
        """What the lexical and the dense part find alone, as (document id, score), best first."""
        text = _searched(query)
        asked = self._reader.read_or_blind(text, language or detect(text, self._default_language))
        with self._lock:
            state, _, asked = self._current(asked)
            _, found = rank(state, asked)
        return Parts(found.lexical[:k], found.dense[:k])

    def refresh(self) -> None:
        """Index what changed in the store now, and keep a snapshot of it, so that the next start is quick."""
        with self._lock:
            self._index.complete()
            self._index.state()
            self._index.save()

    def _current(self, query: Query) -> tuple[IndexState, Catalogue, Query]:
        """The index as the store is now, and the query as it can be searched with there. The caller holds the lock."""
        if query.vector.any():  # the embedder works
            self._index.complete()
        state, catalogue = self._index.state()
        return state, catalogue, blinded(query) if self._index.lacking else query

    def _result(
        self,
        text: str,
        language: str,
        hits: list[Hit],
        k: int,
        catalogue: Catalogue,
        sight: Sight,
        answer_in: str | None,
    ) -> SearchResult:
        spoken = in_language(hits, answer_in or language, catalogue.documents)[:k]
        return SearchResult(text, language, tuple(spoken), self._thresholds.of(sight), len(catalogue.documents))


def _searched(query: str) -> str:
    """The part of a message that is searched by, without what is no text (a lone surrogate)."""
    return query[:MAX_QUERY].encode("utf-8", "ignore").decode()
