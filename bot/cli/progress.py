"""A progress bar on standard error for fetching weights."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from models.download import Progress as Report


@contextmanager
def weights_progress(name: str) -> Iterator[Report]:
    """Give a function that is told how many bytes have come; the bar goes away when it is done."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    console = Console(stderr=True)
    # In a file or a pipe a bar that goes away would leave an empty line.
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(name, total=None)

        def report(_: str, done: int, total: int | None) -> None:
            bar.update(task, completed=done, total=total)

        yield report
