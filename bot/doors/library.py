"""The door to the knowledge base for those who add to it, and for links into it: files in threads, one at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from bot.domain import File
from bot.doors.files import file_bytes, file_text, preview, safe_name
from bot.doors.knowledge import knowledge_errors
from bot.doors.undo import Change, UndoBook, digests
from bot.errors import InvalidInput
from bot.ports import Document, DocumentKind, KnowledgeStore, Learned, Reason

if TYPE_CHECKING:
    from retrieval.ingest import Ingestor
    from retrieval.types import IngestOutcome, Refusal

CHANGES = frozenset({"added", "replaced", "removed"})
MAX_REASONS = 3  # refused rows that are told of; a broken table has thousands


def _now() -> datetime:
    return datetime.now(UTC)


class LibraryDoor:
    """`bot.ports.Library`. The source of a learned file is its bare name: the same name again replaces it.

    `ingestor` gives the ingestor when it is first needed, as it loads a model. `refresh` brings the index up to date.
    What was replaced is kept in `undo_folder`.
    """

    def __init__(
        self,
        store: KnowledgeStore,
        ingestor: Callable[[], Ingestor],
        refresh: Callable[[], None],
        undo_folder: Path,
        *,
        max_bytes: int = 20_000_000,
        default_language: str = "en",
        now: Callable[[], datetime] = _now,
    ) -> None:
        self._store = store
        self._ingestor = ingestor
        self._refresh = refresh
        self._undo = UndoBook(undo_folder, now)
        self._max_bytes = max_bytes
        self._default_language = default_language
        self._changing = Lock()
        self._questions: tuple[int, dict[str, list[str]]] = (-1, {})

    async def read(self, file: File) -> str:
        return await asyncio.to_thread(file_text, file, self._max_bytes, self._default_language)

    async def learn(self, file: File) -> Learned:
        return await asyncio.to_thread(self._learn, file)

    async def undo(self, key: str) -> bool:
        """False also where the documents were changed since: nobody's later work is undone with it."""
        return await asyncio.to_thread(self._bring_back, key)

    async def entry(self, document_id: str) -> Document | None:
        return await asyncio.to_thread(self._store.document, document_id)

    async def questions(self, language: str, limit: int) -> Sequence[str]:
        """The shortest ones."""
        return await asyncio.to_thread(self._first_questions, language, limit)

    def _learn(self, file: File) -> Learned:
        name = safe_name(file.name)
        try:
            data = file_bytes(file, self._max_bytes)
        except InvalidInput as error:
            return Learned(name, "refused", reasons=[Reason(error.text_id, error.values)])
        with self._changing, knowledge_errors():
            before = tuple(self._store.documents_of(name))
            outcomes = list(self._ingestor().add_bytes(name, data))
            after = self._store.documents_of(name)
            key = ""
            if any(outcome.status.value in CHANGES for outcome in outcomes):
                key = self._undo.keep(Change(name, before, digests(after)))
                self._refresh()
        return _learned(name, outcomes, bool(before), after, key)

    def _bring_back(self, key: str) -> bool:
        with self._changing, knowledge_errors():
            change = self._undo.get(key)
            if change is None:
                return False
            now = digests(self._store.documents_of(change.source))
            if now != dict(change.after):
                return False
            earlier = {document.id for document in change.before}
            self._store.remove([id_ for id_ in now if id_ not in earlier])
            self._ingestor().restore([one for one in change.before if now.get(one.id) != one.digest])
            self._undo.drop(key)
            self._refresh()
        return True

    def _first_questions(self, language: str, limit: int) -> list[str]:
        with knowledge_errors():
            revision = self._store.revision()
            if self._questions[0] != revision:
                self._questions = (revision, _by_language(self._store.documents()))
        by_language = self._questions[1]
        own = by_language.get(language) or next((by_language[code] for code in sorted(by_language)), [])
        return own[:limit]


def reason_of(refusal: Refusal) -> Reason:
    """A refusal, as the message catalogue says it."""
    return Reason(f"refused-{refusal.code}", refusal.values, refusal.line)


def _learned(name: str, outcomes: Sequence[IngestOutcome], known: bool, after: Sequence[Document], key: str) -> Learned:
    changed = {outcome.document_id for outcome in outcomes if outcome.status.value in {"added", "replaced"}}
    read = [document for document in after if document.id in changed] or list(after)
    reasons = [reason_of(outcome.refusal) for outcome in outcomes if outcome.refusal]
    return Learned(
        name,
        _status(outcomes, known),
        documents=len(changed),
        passages=sum(outcome.passages for outcome in outcomes if outcome.document_id in changed),
        preview=preview(read),
        reasons=reasons[:MAX_REASONS],
        more=len(reasons) > MAX_REASONS,
        undo=key,
        title=read[0].title if read else name,
        language=read[0].language if read else "",
    )


def _status(outcomes: Sequence[IngestOutcome], known: bool) -> str:
    statuses = {outcome.status.value for outcome in outcomes}
    if statuses & CHANGES:
        return "replaced" if known else "added"
    return "unchanged" if "unchanged" in statuses else "refused"


def _by_language(documents: Sequence[Document]) -> dict[str, list[str]]:
    """The titles of FAQ entries, the shortest first."""
    titles: dict[str, list[str]] = {}
    for document in documents:
        if document.kind is DocumentKind.FAQ:
            titles.setdefault(document.language, []).append(document.title)
    return {language: sorted(set(named), key=lambda title: (len(title), title)) for language, named in titles.items()}
