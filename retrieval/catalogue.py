"""Documents by id and by their wordings: what answers a question asked in so many words, without any model."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from retrieval.chunking import split
from retrieval.tokenize import exact_key
from retrieval.types import Document, DocumentKind, Hit, PassageRole


class Catalogue:
    """All documents of one revision of the store. Immutable once built, so it is shared between threads."""

    def __init__(self, revision: int, documents: Iterable[Document]) -> None:
        self.revision = revision
        self.documents: Mapping[str, Document] = {document.id: document for document in documents}
        self._by_wording: dict[str, list[str]] = defaultdict(list)
        for document in self.documents.values():
            if document.kind is DocumentKind.FAQ:
                for key in {exact_key(wording) for wording in (document.title, *document.wordings)}:
                    if key:
                        self._by_wording[key].append(document.id)

    def exact(self, query: str, language: str | None = None) -> list[Hit]:
        """Entries that have the query as a wording (case, width, spaces and punctuation aside), with confidence 1.

        Where several have it, those in the language asked for come first.
        """
        key = exact_key(query)
        found = [self.documents[document_id] for document_id in self._by_wording.get(key, ())] if key else []
        found.sort(key=lambda document: (document.language != language, document.id))
        return [_hit(document) for document in found]


def _hit(document: Document) -> Hit:
    passages = split(document)
    cited = next((passage for passage in passages if passage.role is PassageRole.ANSWER), passages[0])
    return Hit(passage=cited, document=document, score=1.0, confidence=1.0, exact=True)
