"""Model folders: which files belong to one, whether they are whole, and Parley's own note of their checksums."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.errors import InvalidWeights

MANIFEST = "parley-manifest.json"
_PICKLES = (".bin", ".pt", ".pth", ".pkl", ".ckpt")
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class FileNote:
    """A file as it was when it was fetched. `modified_ns` lets a start-up check skip what nobody touched."""

    sha256: str
    bytes: int
    modified_ns: int


def how_to_mend(folder: Path) -> str:
    """What a person can do about a damaged model: what Parley fetched has a manifest, and so has a copy of it; all else
    is their own, which Parley cannot fetch.
    """
    return "Fetch or copy it anew" if (folder / MANIFEST).is_file() else "Copy it anew"


def check_folder(folder: Path) -> None:
    """Make sure that transformers can load the folder without pickles. Raises InvalidWeights naming what is wrong."""
    name = folder.name
    if not folder.is_dir():
        raise InvalidWeights(f"There is no model folder {folder}. Give the folder that holds config.json.")
    if not (folder / "config.json").is_file():
        raise InvalidWeights(
            f"The model folder '{name}' has no config.json, so it cannot be loaded. {how_to_mend(folder)}."
        )
    _read_json(folder / "config.json")
    index = folder / "model.safetensors.index.json"
    weight_map = _read_json(index).get("weight_map", {}) if index.is_file() else {"": "model.safetensors"}
    for shard in sorted({str(name) for name in weight_map.values()}):
        _check_shard(folder, shard)


def check_gguf(path: Path) -> None:
    """Make sure that a file begins as a GGUF model does. Raises InvalidWeights."""
    if not path.is_file():
        raise InvalidWeights(f"There is no file {path.name}. Give the path of a GGUF file.")
    with path.open("rb") as file:
        if file.read(4) != b"GGUF":
            raise InvalidWeights(f"The file {path.name} is no GGUF model. Copy it anew.")


def _check_shard(folder: Path, shard: str) -> None:
    path = folder / shard
    if Path(shard).name != shard:
        raise InvalidWeights(
            f"The model folder '{folder.name}' points outside itself. Take it from a source you trust."
        )
    if not path.is_file():
        if any(file.suffix in _PICKLES for file in folder.iterdir()):
            raise InvalidWeights(
                f"The model folder '{folder.name}' holds its weights as a pickle, which can run code when it is read. "
                "Use a folder or a hub revision with safetensors."
            )
        raise InvalidWeights(
            f"The model folder '{folder.name}' is incomplete: {shard} is missing. {how_to_mend(folder)}."
        )
    if not _is_whole_safetensors(path):
        raise InvalidWeights(
            f"The model folder '{folder.name}' is damaged: {shard} is not whole. {how_to_mend(folder)}."
        )


def _is_whole_safetensors(path: Path) -> bool:
    """Compare the header's data range with the file's size: 8 bytes of header length, the header, the data."""
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if length <= 0 or length > min(size - 8, 100_000_000):
            return False
        try:
            header = json.loads(file.read(length))
            ends = [entry["data_offsets"][1] for key, entry in header.items() if key != "__metadata__"]
        except (ValueError, KeyError, TypeError, AttributeError, IndexError):
            return False
    return bool(ends) and size == 8 + length + max(ends)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError):
        value = None
    if not isinstance(value, dict):
        raise InvalidWeights(
            f"The model folder '{path.parent.name}' is damaged: {path.name} cannot be read. {how_to_mend(path.parent)}."
        )
    return value


def write_manifest(folder: Path, source: str) -> None:
    """Note the checksum of each file, so that later damage is seen."""
    notes = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != MANIFEST:
            stat = path.stat()
            notes[path.relative_to(folder).as_posix()] = {
                "sha256": sha256(path),
                "bytes": stat.st_size,
                "modified_ns": stat.st_mtime_ns,
            }
    text = json.dumps({"source": source, "files": notes}, indent=1)
    (folder / MANIFEST).write_text(text, encoding="utf-8")


def read_manifest(folder: Path) -> dict[str, FileNote] | None:
    """Give the notes by relative path, or None where there is no readable manifest."""
    try:
        raw = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        return {name: FileNote(**note) for name, note in raw["files"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def damaged_files(folder: Path, *, thorough: bool = True) -> list[str]:
    """Name the files that differ from the manifest; not thorough: only those whose time changed are read again.

    A folder without a manifest has no known checksums, so nothing can be said against its files.
    """
    notes = read_manifest(folder) or {}
    return [name for name, note in notes.items() if not _same(folder / name, note, thorough)]


def _same(path: Path, note: FileNote, thorough: bool) -> bool:
    try:
        stat = path.stat()
    except OSError:
        return False
    if stat.st_size != note.bytes:
        return False
    if not thorough and stat.st_mtime_ns == note.modified_ns:
        return True
    return sha256(path) == note.sha256


def folder_bytes(folder: Path) -> int:
    """Sum up the sizes of all files below a folder, or give a file's; a file that vanishes meanwhile counts nothing."""
    total = 0
    for path in [folder] if folder.is_file() else folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except OSError:
            continue
    return total


def sha256(path: Path) -> str:
    """Give a file's SHA-256, hex."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_CHUNK):
            digest.update(block)
    return digest.hexdigest()
