"""Search: a question in, the documents that answer it out, with how sure that is.

SQL is the truth: before each search the store's revision is read, and what changed is indexed first. A question that
is word for word a wording of an FAQ entry needs neither index nor embedder. While the embedder does not work, search
goes by words alone; once it does, what has no vectors gets them, and vectors count again.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING

from retrieval.calibrate import calibrate, confidence
from retrieval.catalogue import Catalogue
from retrieval.errors import EmbeddingFailed, SnapshotError
from retrieval.foreign_questions import FOREIGN
from retrieval.fusion import Candidate, Parts, Query, Sight, rank
from retrieval.index import snapshot
from retrieval.index.state import IndexState, searchable
from retrieval.language import detect
from retrieval.ports import Embedder, KnowledgeStore, Reranker, SharedVectorIndex
from retrieval.rerank import DEPTH, reranked
from retrieval.tokenize import content_words, words
from retrieval.translations import in_language
from retrieval.types import Hit, Passage, PassageRole, SearchResult, SnapshotManifest, Thresholds

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

logger = logging.getLogger(__name__)

MAX_QUERY = 2000  # characters that are searched; a longer message is searched by its beginning
_BATCH = 64  # passages embedded at once when vectors are missing
_COMPLETE_EVERY = 30.0  # seconds between two tries to embed what could not be embedded
_RECALIBRATE = 0.1  # share of documents that must change before thresholds are chosen again


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
        shared: Callable[[str, int], SharedVectorIndex | None] | None = None,
        reranker: Reranker | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`thresholds`, if given, are used instead of calibrated ones. Snapshots are kept in `index_dir`, if given.
        `shared` gives the vector index of the store's own for an embedder's name and dimension, or None where there is
        none; it is asked once, at the first search. Without it the vectors are indexed in this process. `reranker`
        puts what was found in its own order.
        """
        self._store = store
        self._embedder = embedder
        self._index_dir = index_dir
        self._default_language = default_language
        self._fixed = thresholds
        self._open_shared = shared
        self._shared: SharedVectorIndex | None = None
        self._reranker = reranker
        self._now = now
        self._lacking = False  # what is indexed has no vectors, or not all, as the embedder failed
        self._complete_at = 0.0
        self._lock = RLock()
        self._catalogue: Catalogue | None = None
        self._state: IndexState | None = None
        self._indexed_revision = -1
        self._saved_revision = -1
        self._thresholds = thresholds or Thresholds()
        self._calibrated = False

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
        text = query[:MAX_QUERY].encode("utf-8", "ignore").decode()
        catalogue = self._current_catalogue()
        exact = catalogue.exact(text, language)
        if exact and not full:
            spoken = language or exact[0].document.language
            return self._result(text, spoken, exact, k, catalogue, self._sight(spoken), answer_in)
        spoken = language or detect(text, self._default_language)
        if exact:
            exact = catalogue.exact(text, spoken)
        if not catalogue.documents or not text.strip():
            return self._result(text, spoken, [], k, catalogue, self._sight(spoken), answer_in)
        prepared = self._asked(text, spoken)
        with self._lock:
            state, prepared = self._state_for(prepared)
            found, _ = rank(state, prepared)
            depth = max(k, DEPTH) if self._reranker else k
            hits = [self._hit(state, candidate, prepared) for candidate in found[: depth + len(exact)]]
            known = {hit.document.id for hit in exact}
            merged = [*self._with_ranks(exact, hits), *(hit for hit in hits if hit.document.id not in known)]
            catalogue = self._catalogue or catalogue
        if self._reranker:  # outside of the lock: it takes its time, and others search meanwhile
            merged = reranked(self._reranker, text, merged)
        return self._result(text, spoken, merged, k, catalogue, prepared.sight, answer_in)

    def parts(self, query: str, k: int = 10, language: str | None = None) -> Parts:
        """What the lexical and the dense part find alone, as (document id, score), best first."""
        text = query[:MAX_QUERY].encode("utf-8", "ignore").decode()
        prepared = self._asked(text, language or detect(text, self._default_language))
        with self._lock:
            _, found = rank(*self._state_for(prepared))
        return Parts(found.lexical[:k], found.dense[:k])

    def refresh(self) -> None:
        """Index what changed in the store now, and keep a snapshot of it, so that the next start is quick."""
        with self._lock:
            self._complete()
            self._current_state()
            if self._saved_revision != self._indexed_revision:
                self._save()

    # --- queries

    def _asked(self, text: str, language: str) -> Query:
        """A person's question, ready to be searched with."""
        try:
            vector = self._embedder.embed([text], "query")[0]
        except EmbeddingFailed:  # the words decide alone
            vector = _nothing()
        return self._query(text, language, vector)

    def _state_for(self, query: Query) -> tuple[IndexState, Query]:
        """The current state, and the query as it can be searched with there. The caller holds the lock."""
        if query.vector.any():  # the embedder works
            self._complete()
        state = self._current_state()
        return state, replace(query, vector=_nothing(), sight=Sight.BLIND) if self._lacking else query

    def _query(self, text: str, language: str, vector: NDArray[np.float32]) -> Query:
        tokens = tuple(words(text, language))
        topic = tuple(dict.fromkeys(content_words(text, language))) or tuple(dict.fromkeys(tokens))
        sight = self._sight(language) if vector.any() else Sight.BLIND
        return Query(text, language, tokens, topic, vector, sight)

    def _thresholds_of(self, sight: Sight) -> Thresholds:
        """Those for a question that was read so well."""
        chosen = self._thresholds
        if self._fixed is None and sight is not Sight.FLUENT:
            return replace(chosen, curated=chosen.curated_glossed)
        return chosen

    def _sight(self, language: str) -> Sight:
        fluent = getattr(self._embedder, "fluent", self._embedder.languages)
        if language in fluent or "*" in fluent:
            return Sight.FLUENT
        return Sight.GLOSSED if language in self._embedder.languages else Sight.BLIND

    def _hit(self, state: IndexState, candidate: Candidate, query: Query) -> Hit:
        return Hit(
            passage=_cited(state, candidate),
            document=state.documents[candidate.document_id],
            score=candidate.score,
            confidence=confidence(candidate, query),
            lexical_rank=candidate.lexical_rank,
            dense_rank=candidate.dense_rank,
            lexical_score=candidate.lexical_score,
            dense_score=candidate.cosine,
        )

    def _with_ranks(self, exact: list[Hit], hits: list[Hit]) -> list[Hit]:
        """Exact hits with the ranks that search gave them, for those who ask how they were found."""
        ranked = {hit.document.id: hit for hit in hits}
        return [
            Hit(e.passage, e.document, 1.0, 1.0, h.lexical_rank, h.dense_rank, h.lexical_score, h.dense_score, True)
            if (h := ranked.get(e.document.id))
            else e
            for e in exact
        ]

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
        return SearchResult(text, language, tuple(spoken), self._thresholds_of(sight), len(catalogue.documents))

    # --- keeping up with the store

    def _current_catalogue(self) -> Catalogue:
        revision = self._store.revision()
        catalogue = self._catalogue
        if catalogue is None or catalogue.revision != revision:
            catalogue = Catalogue(revision, self._store.documents())
            self._catalogue = catalogue
        return catalogue

    def _current_state(self) -> IndexState:
        """The index at the store's revision. The caller holds the lock."""
        catalogue = self._current_catalogue()
        if self._state is not None and self._indexed_revision == catalogue.revision:
            return self._state
        known: snapshot.Snapshot | None = None
        if self._state is None:
            known, self._state = self._begun(len(catalogue.documents))
        state = self._state
        old = {key: document.digest for key, document in state.documents.items()}
        new = {key: document.digest for key, document in catalogue.documents.items()}
        gone = [key for key, digest in old.items() if new.get(key) != digest]
        fresh = {key for key, digest in new.items() if old.get(key) != digest}
        state.remove(gone)
        if fresh:
            self._index(state, catalogue, fresh, known)
        for key in new.keys() - fresh:  # what passages do not depend on (source, tags) may have changed
            state.documents[key] = catalogue.documents[key]
        self._indexed_revision = catalogue.revision
        self._calibrate(state, known, len(gone) + len(fresh))
        if known is not None and known.manifest.revision == self._indexed_revision:
            self._saved_revision = self._indexed_revision
        elif self._saved_revision < 0:  # the work of a whole build is kept, whoever asked for it
            self._save()
        return state

    def _begun(self, documents: int) -> tuple[snapshot.Snapshot | None, IndexState]:
        """An empty state, and what is known from a snapshot; for words alone where the embedder does not even tell the
        length of its vectors.
        """
        try:
            dimension = self._embedder.dimension
        except EmbeddingFailed:
            self._lack()
            return None, IndexState(1)
        if self._open_shared is not None and self._shared is None:
            self._shared = self._open_shared(self._embedder.name, dimension)
        return self._load(), IndexState(dimension, documents, self._shared)

    def _lack(self) -> None:
        self._lacking = True
        self._complete_at = self._now() + _COMPLETE_EVERY

    def _complete(self) -> None:
        """Embed what could not be embedded, and index anew with the vectors. The caller holds the lock."""
        if not self._lacking or self._now() < self._complete_at:
            return
        try:
            self._embed_missing(None)
        except EmbeddingFailed:
            self._lack()
            return
        self._lacking, self._state = False, None

    def _index(self, state: IndexState, catalogue: Catalogue, fresh: set[str], known: snapshot.Snapshot | None) -> None:
        named = fresh if state.documents else None  # a few of many; at the start, all in one sweep
        if not self._lacking:
            try:
                self._embed_missing(named)
            except EmbeddingFailed:
                self._lack()
        if self._shared is not None:
            self._shared.catch_up()
        with_vectors = self._shared is None and not self._lacking
        found = self._store.passages(self._embedder.name if with_vectors else None, named)
        rows = [(passage, vector) for passage, vector in found if passage.document_id in fresh]
        same = {key for key in fresh if known is not None and known.digests.get(key) == catalogue.documents[key].digest}
        tokens = {key: w for key, w in known.words.items() if key.rpartition("#")[0] in same} if known else None
        state.add([catalogue.documents[key] for key in sorted(fresh)], rows, tokens)
        logger.info("indexed %d documents with %d passages", len(fresh), len(rows))

    def _embed_missing(self, document_ids: set[str] | None) -> None:
        """Vectors for what another embedder, or none, has embedded."""
        missing = self._store.without_vectors(self._embedder.name, document_ids)
        for start in range(0, len(missing), _BATCH):
            batch = missing[start : start + _BATCH]
            vectors = self._embedder.embed([searchable(passage) for passage in batch], "passage")
            self._store.put_vectors(self._embedder.name, [(p.id, v) for p, v in zip(batch, vectors, strict=True)])

    def _calibrate(self, state: IndexState, known: snapshot.Snapshot | None, changed: int) -> None:
        """Thresholds for what is indexed now; those of a snapshot, or of earlier, serve while little has changed."""
        little = _RECALIBRATE * len(state.documents)
        if self._fixed is not None or self._lacking:
            return
        if known is not None and _differences(known.digests, state) <= little:
            self._thresholds, self._calibrated = known.manifest.thresholds, True
        elif not self._calibrated or changed > little:
            sight_of = {language: self._sight(language) for language in state.languages}
            try:
                self._thresholds = calibrate(state, sight_of, self._foreign(state))
            except EmbeddingFailed:
                self._lack()
                return
            self._calibrated = True

    def _foreign(self, state: IndexState) -> list[Query]:
        """Questions that no knowledge base is about, in the languages of this one."""
        spoken = [language for language in FOREIGN if state.languages.get(language, 0) > 0]
        asked = [(text, language) for language in spoken for text in FOREIGN[language]]
        vectors = [self._embedder.embed([text], "query")[0] for text, _ in asked]
        return [self._query(*one, vector) for one, vector in zip(asked, vectors, strict=True)]

    # --- snapshots

    def _load(self) -> snapshot.Snapshot | None:
        if self._index_dir is None:
            return None
        try:
            return snapshot.load(self._index_dir, self._embedder.name, self._embedder.dimension)
        except SnapshotError as error:
            logger.warning("%s", error)
            return None

    def _save(self) -> None:
        if self._index_dir is None or self._state is None or self._lacking:
            return
        state, now = self._state, datetime.now(UTC)
        manifest = SnapshotManifest(
            id=f"{now:%Y%m%dT%H%M%S%f}",
            revision=self._indexed_revision,
            embedder=self._embedder.name,
            dimension=self._embedder.dimension,
            documents=len(state.documents),
            passages=len(state.passages),
            thresholds=self._thresholds,
            created_at=now.isoformat(),
        )
        kept = snapshot.Snapshot(
            manifest,
            {key: document.digest for key, document in state.documents.items()},
            {key: item.words for key, item in state.passages.items()},
        )
        try:
            snapshot.save(self._index_dir, kept)
        except SnapshotError as error:
            logger.warning("%s", error)  # the index in memory is whole: only the next start is slower
            return
        self._saved_revision = self._indexed_revision
        self._store.record_snapshot(manifest)


def _nothing() -> NDArray[np.float32]:
    """The vector of what was not embedded: it finds nothing."""
    import numpy as np

    return np.zeros(0, dtype=np.float32)


def _differences(digests: Mapping[str, str], state: IndexState) -> int:
    """How many documents were added, changed or removed since the digests were noted."""
    now = {key: document.digest for key, document in state.documents.items()}
    return len({key for key, _ in digests.items() ^ now.items()})


def _cited(state: IndexState, candidate: Candidate) -> Passage:
    """What is cited for a candidate: an FAQ entry's answer where a wording matched, else the passage itself."""
    if not candidate.by_wording:
        return candidate.item.passage
    answers = (item.passage for item in state.of_document[candidate.document_id])
    return next((p for p in answers if p.role is PassageRole.ANSWER), candidate.item.passage)
