"""Where the examples lie: inside the installed package, or at the root of a checkout."""

from __future__ import annotations

from pathlib import Path

from bot.errors import NotFound

_HERE = Path(__file__).parent
_PLACES = (_HERE / "examples", _HERE.parent / "examples")


def examples_folder() -> Path | None:
    """The folder of all examples, or None in an installation without them."""
    return next((place for place in _PLACES if place.is_dir()), None)


def example_folder(name: str) -> Path:
    """The folder of one example. Raises NotFound, naming those that there are."""
    root = examples_folder()
    folders = sorted(folder.name for folder in root.iterdir() if folder.is_dir()) if root else []
    if root is None or name not in folders:
        raise NotFound(f"There is no example “{name}”. There are: {', '.join(folders)}.")
    return root / name
