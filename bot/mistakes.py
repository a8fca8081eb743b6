"""What may be logged of an error: not its text, but for a model's own sentence, which holds no people's words."""

from __future__ import annotations

from collections.abc import Iterator
from logging import DEBUG, Logger
from traceback import format_tb

from models.errors import ModelError


def why(error: BaseException) -> str:
    """The error's kind; of what a model is to blame for, with the sentence that tells the operator what to do."""
    blamed = next((each for each in _causes(error) if isinstance(each, ModelError)), None)
    return type(error).__name__ if blamed is None else blamed.reason


def frames_of(error: BaseException, log: Logger) -> str:
    """The lines of code that led to it and to its causes, where the log is to show all; else nothing."""
    if not log.isEnabledFor(DEBUG):
        return ""
    return "".join(f"\n{type(each).__name__}:\n{''.join(format_tb(each.__traceback__))}" for each in _causes(error))


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error, and what it came from, the last one first."""
    while error is not None:
        yield error
        error = error.__cause__


def place_of(error: BaseException | None) -> str:
    """File and line where an error was raised; its text is left out, as it can hold what a person wrote."""
    trace = error.__traceback__ if error is not None else None
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace is not None else "?"
