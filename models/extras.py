"""How to install what an extra brings: Parley comes from a checkout, with the versions that it was tested with."""

from __future__ import annotations

from importlib.util import find_spec


def is_installed(library: str) -> bool:
    """Whether a library is there. Loads nothing."""
    try:
        return find_spec(library) is not None
    except ValueError:  # what stands under the name is no module
        return False


def install(extra: str) -> str:
    """The sentence that says what to run.

    >>> install("llamacpp")
    "Run: python -m pip install -c constraints.txt '.[llamacpp]'"
    """
    return f"Run: python -m pip install -c constraints.txt '.[{extra}]'"
