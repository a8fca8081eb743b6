"""Tables as text in columns of equal width, counted in cells: a Chinese character takes two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rich.cells import cell_len

if TYPE_CHECKING:
    from markdown_it.token import Token


@dataclass(slots=True)
class Table:
    """A table's header and rows as inline tokens; `right` tells which columns are aligned to the right."""

    header: list[Token] = field(default_factory=list)
    rows: list[list[Token]] = field(default_factory=list)
    right: list[bool] = field(default_factory=list)

    @classmethod
    def read(cls, tokens: Sequence[Token]) -> Table:
        """From the tokens between `table_open` and `table_close`."""
        table = cls()
        for nth, token in enumerate(tokens):
            if token.type == "tr_open":
                table.rows.append([])
            elif token.type in {"th_open", "td_open"}:
                table.rows[-1].append(tokens[nth + 1])
                if token.type == "th_open":
                    table.right.append("right" in str(token.attrGet("style") or ""))
        table.header = table.rows.pop(0) if table.rows else []
        return table

    @property
    def linked(self) -> bool:
        """Whether there are links or images in the rows, which plain text would lose."""
        children = (child for row in self.rows for cell in row for child in cell.children or ())
        return any(child.type in {"link_open", "image"} for child in children)


def aligned(rows: Sequence[Sequence[str]], right: Sequence[bool]) -> str:
    """Rows as lines; the first is the header, with a line below it. All rows have as many cells as `right`.

    >>> print(aligned([["名称", "n"], ["a", "10"]], [False, True]))
    名称 │  n
    ─────┼───
    a    │ 10
    """
    widths = [max(cell_len(row[column]) for row in rows) for column in range(len(right))]
    lines = [" │ ".join(map(_padded, row, widths, right)).rstrip() for row in rows]
    lines.insert(1, "─┼─".join("─" * width for width in widths))
    return "\n".join(lines)


def _padded(cell: str, width: int, right: bool) -> str:
    space = " " * (width - cell_len(cell))
    return space + cell if right else cell + space
