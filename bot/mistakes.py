"""What may be logged of an error that nobody foresaw."""

from __future__ import annotations


def place_of(error: BaseException | None) -> str:
    """File and line where an error was raised; its text is left out, as it can hold what a person wrote."""
    trace = error.__traceback__ if error is not None else None
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace is not None else "?"
