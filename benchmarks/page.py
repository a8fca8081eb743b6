"""Figures in pages of the documentation, between two marks."""

from __future__ import annotations

from pathlib import Path

END = "<!-- end of figures -->"


def put_between(page: Path, begin: str, figures: str) -> None:
    """Replace what stands between the mark `begin` and `END`."""
    head, _, rest = page.read_text(encoding="utf-8").partition(begin)
    _, _, tail = rest.partition(END)
    page.write_text(f"{head}{begin}\n\n{figures}\n\n{END}{tail}", encoding="utf-8")
