"""What a learned file replaced, kept for some days as JSON files, so that it can be brought back."""

from __future__ import annotations

import json
import logging
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.ports import Document, DocumentKind

log = logging.getLogger(__name__)

KEPT_FOR = timedelta(days=7)
_KEY = re.compile(r"[A-Za-z0-9_-]{8,32}")


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Change:
    """What adding a source changed: its documents before, and the digests by id of those after."""

    source: str
    before: tuple[Document, ...]
    after: Mapping[str, str]


class UndoBook:
    """Changes by a key that cannot be guessed, a file each; those older than `KEPT_FOR` are gone. Blocks."""

    def __init__(self, folder: Path, now: Callable[[], datetime] = _now) -> None:
        self._folder = folder
        self._now = now

    def keep(self, change: Change) -> str:
        """Give the key; empty, and logged, where the change cannot be written: it was made all the same."""
        key = secrets.token_urlsafe(9)
        content = {
            "source": change.source,
            "before": [asdict(document) for document in change.before],
            "after": dict(change.after),
        }
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._drop_old()
            written = self._folder / f"{key}.new"
            written.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
            written.chmod(0o600)
            written.replace(self._file(key))
        except OSError as error:
            log.warning("what was learned cannot be undone: %s", type(error).__name__)
            return ""
        return key

    def get(self, key: str) -> Change | None:
        """The change; None where the key is unknown, too old or no key at all."""
        if not _KEY.fullmatch(key):
            return None
        try:
            self._drop_old()
            content = json.loads(self._file(key).read_text(encoding="utf-8"))
            return Change(content["source"], tuple(map(_document, content["before"])), content["after"])
        except OSError:
            return None
        except (ValueError, KeyError, TypeError) as error:
            log.warning("a change cannot be read back: %s", type(error).__name__)
            return None

    def drop(self, key: str) -> None:
        self._file(key).unlink(missing_ok=True)

    def _file(self, key: str) -> Path:
        return self._folder / f"{key}.json"

    def _drop_old(self) -> None:
        oldest = (self._now() - KEPT_FOR).timestamp()
        for file in (*self._folder.glob("*.json"), *self._folder.glob("*.new")):
            if file.stat().st_mtime < oldest:
                file.unlink(missing_ok=True)


def digests(documents: Sequence[Document]) -> dict[str, str]:
    """By id, to see whether anything changed since."""
    return {document.id: document.digest for document in documents}


def _document(content: dict[str, Any]) -> Document:
    lists = {name: tuple(content[name]) for name in ("wordings", "tags")}
    return Document(**{**content, **lists, "kind": DocumentKind(content["kind"])})
