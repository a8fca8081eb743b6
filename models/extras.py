"""How to install what an extra brings: Parley comes from a checkout, with the versions that it was tested with."""

from __future__ import annotations


def install(extra: str) -> str:
    """The sentence that says what to run.

    >>> install("llamacpp")
    "Run: python -m pip install -c constraints.txt '.[llamacpp]'"
    """
    return f"Run: python -m pip install -c constraints.txt '.[{extra}]'"
