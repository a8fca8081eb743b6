"""The knowledge base: searching it, and adding files to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from bot.domain import File
from retrieval.types import Document, SearchResult


class Knowledge(Protocol):
    """Search in the knowledge base, off the event loop."""

    async def search(
        self, query: str, k: int = 5, language: str | None = None, *, answer_in: str | None = None
    ) -> SearchResult:
        """`language` is the question's, `answer_in` that of the answer, where it is another. Raises KnowledgeError."""
        ...

    async def similarity(self, texts: Sequence[str], others: Sequence[str]) -> list[list[float]]:
        """Cosines of each text with each of the others, by the embedder; 0 where it cannot read one of them."""
        ...


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something was refused: the sentence's id in the message catalogue, with what stands in its places. `line` of
    the file counts from 1 where it is known.
    """

    text_id: str
    values: Mapping[str, str | int | float] = field(default_factory=dict)
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Learned:
    """What became of a file that an admin gave to the knowledge base. `status` is added, replaced, unchanged or
    refused; `reasons` say why it, or some of its rows, were refused, and `more` that there are further ones. `title`,
    `language` and `preview` are of the first document that was read; `documents` and `passages` count those that are
    new or changed.
    """

    name: str
    status: str
    documents: int = 0
    passages: int = 0
    preview: str = ""
    reasons: Sequence[Reason] = ()
    more: bool = False
    undo: str = ""  # a key for `Library.undo`, empty where nothing changed
    title: str = ""
    language: str = ""


class Library(Protocol):
    """Reading files, and adding them to the knowledge base, off the event loop."""

    async def read(self, file: File) -> str:
        """The text of a file. Raises InvalidInput for one that cannot be read."""
        ...

    async def learn(self, file: File) -> Learned:
        """Add a file's documents and make them searchable. Raises KnowledgeError."""
        ...

    async def undo(self, key: str) -> bool:
        """Bring back what was there before; False when the key is not known (any more)."""
        ...

    async def entry(self, document_id: str) -> Document | None:
        """A document by its id: deep links name FAQ entries."""
        ...

    async def questions(self, language: str, limit: int) -> Sequence[str]:
        """Questions of FAQ entries to begin with, in the language if there are any; the same ones every time."""
        ...
