"""Snapshots of the index on disk: built aside, checked by SHA-256, swapped in by one rename.

<dir>/CURRENT              the id of the current snapshot
<dir>/<id>/manifest.json   what it holds, with the digest of every file
<dir>/<id>/words.json      documents' digests, and the words of every passage (the costly part of indexing)

Vectors are not among it: they are in SQL, and are read from there.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from retrieval.errors import SnapshotError
from retrieval.types import SnapshotManifest, Thresholds

FORMAT = 3
_CURRENT = "CURRENT"
_BROKEN = "the index snapshot {id} is broken ({why}); it is built anew from the database."


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a snapshot keeps: digests by document id, and words by passage id."""

    manifest: SnapshotManifest
    digests: Mapping[str, str]
    words: Mapping[str, tuple[str, ...]]


def save(directory: Path, snapshot: Snapshot, keep: int = 2) -> None:
    """Write a snapshot beside the others and make it the current one. Raises SnapshotError if the disk refuses."""
    name = snapshot.manifest.id
    aside = directory / f"{name}.tmp"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir()
        payload = {"digests": dict(snapshot.digests), "words": {key: list(w) for key, w in snapshot.words.items()}}
        (aside / "words.json").write_text(json.dumps(payload, ensure_ascii=False), encoding="utf-8")
        files = {path.name: _sha256(path) for path in sorted(aside.iterdir())}
        manifest = {"format": FORMAT, **asdict(snapshot.manifest), "files": files}
        (aside / "manifest.json").write_text(json.dumps(manifest, indent=1), encoding="utf-8")
        shutil.rmtree(directory / name, ignore_errors=True)
        aside.rename(directory / name)
        pointer = directory / f"{_CURRENT}.{name}.tmp"
        pointer.write_text(name, encoding="utf-8")
        pointer.replace(directory / _CURRENT)
    except OSError as error:
        reason = f"the index cannot be saved to {directory} ({error.strerror}); check its permissions and space."
        raise SnapshotError(reason) from error
    _prune(directory, name, keep)


def load(directory: Path, embedder: str, dimension: int) -> Snapshot | None:
    """The current snapshot, or None where there is none yet. Raises SnapshotError if it is broken."""
    pointer = directory / _CURRENT
    if not pointer.is_file():
        return None
    name = pointer.read_text(encoding="utf-8", errors="replace").strip()
    if not name or name != Path(name).name:
        raise SnapshotError(_BROKEN.format(id="?", why="its name is no name"))
    try:
        return _read(directory / name, embedder, dimension)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SnapshotError(_BROKEN.format(id=name, why=type(error).__name__)) from error


def _read(folder: Path, embedder: str, dimension: int) -> Snapshot:
    raw: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    if raw.pop("format", None) != FORMAT or raw["embedder"] != embedder or raw["dimension"] != dimension:
        raise SnapshotError("the index snapshot was made by another version or embedder; it is built anew.")
    for name, expected in raw.pop("files").items():
        if _sha256(folder / Path(name).name) != expected:
            raise SnapshotError(_BROKEN.format(id=folder.name, why=f"{name} was changed"))
    manifest = SnapshotManifest(**{**raw, "thresholds": Thresholds(**raw["thresholds"])})
    payload = json.loads((folder / "words.json").read_text(encoding="utf-8"))
    words = {key: tuple(tokens) for key, tokens in payload["words"].items()}
    return Snapshot(manifest, payload["digests"], words)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _prune(directory: Path, current: str, keep: int) -> None:
    """Remove all but the newest snapshots; ids sort by time. Another process's unfinished one is left alone."""
    folders = (path for path in directory.iterdir() if path.suffix != ".tmp")
    complete = sorted(path for path in folders if (path / "manifest.json").is_file())
    for path in complete[:-keep]:
        if path.name != current:
            shutil.rmtree(path, ignore_errors=True)
