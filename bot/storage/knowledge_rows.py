"""Between the knowledge base's values and rows. Vectors are float32, little-endian, on every machine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row

from retrieval.types import Document, DocumentKind, Passage, PassageRole, SnapshotManifest

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def require_pairs(passages: Sequence[Passage], vectors: NDArray[np.float32]) -> None:
    """Raises ValueError unless `vectors` has shape (number of passages, dimension)."""
    if len(passages) != len(vectors):
        raise ValueError(f"{len(passages)} passages need as many vectors, not {len(vectors)}")


def is_faq_entry(document: Document) -> bool:
    return document.kind is DocumentKind.FAQ or bool(document.wordings)


def document(row: Row[Any]) -> Document:
    return Document(
        id=row.id,
        kind=DocumentKind(row.kind),
        title=row.title,
        text=row.text,
        language=row.language,
        source=row.source,
        digest=row.digest,
        wordings=tuple(row.wordings or ()),
        tags=tuple(row.tags),
        url=row.url,
    )


def of_document(document: Document) -> dict[str, Any]:
    return {
        "id": document.id,
        "kind": document.kind,
        "title": document.title,
        "text": document.text,
        "language": document.language,
        "source": document.source,
        "digest": document.digest,
        "tags": list(document.tags),
        "url": document.url,
    }


def of_faq_entry(document: Document) -> dict[str, Any]:
    return {"document_id": document.id, "wordings": list(document.wordings)}


def passage(row: Row[Any]) -> Passage:
    return Passage(
        id=row.id,
        document_id=row.document_id,
        ordinal=row.ordinal,
        role=PassageRole(row.role),
        text=row.text,
        start=row.start_offset,
        end=row.end_offset,
        language=row.language,
        heading_path=tuple(row.heading_path),
    )


def of_passage(passage: Passage) -> dict[str, Any]:
    return {
        "id": passage.id,
        "document_id": passage.document_id,
        "ordinal": passage.ordinal,
        "role": passage.role,
        "text": passage.text,
        "start_offset": passage.start,
        "end_offset": passage.end,
        "language": passage.language,
        "heading_path": list(passage.heading_path),
    }


def vector(blob: bytes | None) -> NDArray[np.float32] | None:
    """An array of shape (dimension,) of its own, in the machine's byte order."""
    import numpy as np

    return None if blob is None else np.frombuffer(blob, dtype="<f4").astype(np.float32)


def of_vector(passage_id: str, embedder: str, vector: NDArray[np.float32]) -> dict[str, Any]:
    import numpy as np

    blob = np.ascontiguousarray(vector, dtype="<f4").tobytes()
    return {"passage_id": passage_id, "embedder": embedder, "dimension": len(vector), "vector": blob}


def of_snapshot(manifest: SnapshotManifest) -> dict[str, Any]:
    return {
        "id": manifest.id,
        "revision": manifest.revision,
        "embedder": manifest.embedder,
        "dimension": manifest.dimension,
        "documents": manifest.documents,
        "passages": manifest.passages,
        "curated_threshold": manifest.thresholds.curated,
        "answerable_threshold": manifest.thresholds.answerable,
        "created_at": manifest.created_at,
    }
