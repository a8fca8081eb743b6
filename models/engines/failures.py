"""What an engine says when a library failed. A library's own text may hold people's words, so it is not repeated."""

from __future__ import annotations

from models.errors import EngineFailed


def translated(error: BaseException | None, name: str) -> EngineFailed:
    """Say what a foreign error means."""
    if is_out_of_memory(error):
        return EngineFailed(f"The model '{name}' ran out of memory. Use a smaller model, or a shorter text.")
    kind = type(error).__name__
    return EngineFailed(f"The model '{name}' stopped with an error ({kind}); the log has the details.")


def is_out_of_memory(error: BaseException | None) -> bool:
    """Whether that is what went wrong. Loads no torch, whose own error it knows by its name."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    return "can't allocate memory" in str(error)  # torch on a CPU
