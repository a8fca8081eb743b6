"""The page of figures says what was measured, and which targets nothing was measured for."""

from __future__ import annotations

from pathlib import Path

from benchmarks.models.table import BEGIN, PAGE, main
from benchmarks.page import END


def test_the_page_is_that_of_the_saved_figures(tmp_path: Path) -> None:
    page = tmp_path / "models.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    main(page)
    figures = page.read_text().partition(BEGIN)[2].partition(END)[0]
    assert figures == PAGE.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
    assert "| second turn of a conversation, first token | no prefix reuse | at most 0.25× |" in figures


def test_what_was_not_measured_is_said(tmp_path: Path) -> None:
    page = tmp_path / "models.md"
    for name in ("generate", "embed", "remote"):
        (tmp_path / f"{name}.json").write_bytes(
            (PAGE.parents[2] / "benchmarks" / "results" / f"{name}.json").read_bytes()
        )
    page.write_text(f"{BEGIN}\n{END}\n")
    main(page, tmp_path)
    assert page.read_text().count("not yet: no GPU was at hand") == 4
