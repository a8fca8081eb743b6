"""What the paged engine says when it cannot."""

from __future__ import annotations

from models.errors import ContextTooLong, EngineFailed


def gone(name: str) -> EngineFailed:
    """The engine was closed."""
    return EngineFailed(f"The model '{name}' was closed while this was being written. Ask once more.")


def no_room(tokens: int, name: str) -> ContextTooLong:
    """The cache is smaller than a prompt."""
    return ContextTooLong(
        f"The text is too long for the memory that is left beside the model '{name}': {tokens} tokens. "
        "Shorten it, or use a smaller model."
    )
