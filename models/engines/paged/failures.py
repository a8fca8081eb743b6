"""What the paged engine says when it cannot. A library's own text may hold people's words, so it is not repeated."""

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


def translated(error: BaseException | None, name: str) -> EngineFailed:
    """Say what a foreign error means."""
    if is_out_of_memory(error):
        return EngineFailed(f"The model '{name}' ran out of memory. Use a smaller model, or a shorter text.")
    kind = type(error).__name__
    return EngineFailed(f"The model '{name}' stopped with an error ({kind}); the log has the details.")


def is_out_of_memory(error: BaseException | None) -> bool:
    """Whether that is what went wrong. Loads no torch, whose own error it knows by its name."""
    return isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"
