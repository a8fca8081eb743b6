"""Block Markdown tokens as text and entities: paragraphs, headings, lists, quotations, code, tables."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len
from telegram import MessageEntity

from bot.channels.markup.parser import plain
from bot.channels.markup.tables import Table, aligned
from bot.channels.telegram.inlines import write_inline
from bot.channels.telegram.writer import Writer

if TYPE_CHECKING:
    from markdown_it.token import Token

_BULLETS = "•◦▪"
_TASK = re.compile(r"\[([ xX])\][ \u00a0]+(?=\S)")
_LANGUAGE = re.compile(r"[\w+#.-]{1,32}")
_RULE = "———"
_WIDEST = 42  # cells; a wider table would be broken on a telephone


class Blocks:
    """Writes the tokens of a text. Where the source has an empty line between two blocks, so has the text."""

    def __init__(self) -> None:
        self._writer = Writer()
        self._indent = ""  # before each further line of the block
        self._first = ""  # before the first line of an item: its mark
        self._marks: list[str] = []  # of the lists and quotations around
        self._numbers: list[int | None] = []  # of the lists around; None: not numbered
        self._quotes = 0
        self._quote_start: int | None = None
        self._last_line = -1  # the source line behind the last block; -1: nothing was written yet

    def result(self) -> tuple[str, list[MessageEntity]]:
        return self._writer.text, self._writer.entities

    def write(self, tokens: Sequence[Token]) -> None:
        position = 0
        while position < len(tokens):
            token = tokens[position]
            if token.type == "table_open":
                end = next(n for n in range(position, len(tokens)) if tokens[n].type == "table_close")
                self._table(token, Table.read(tokens[position + 1 : end]))
                position = end
            elif token.type in {"paragraph_open", "heading_open"}:
                self._text(token, tokens[position + 1])
            elif (handler := _HANDLERS.get(token.type)) is not None:
                handler(self, token)
            position += 1

    def _begin(self, token: Token, apart: bool = False) -> None:
        """Go to where a block begins; `apart`: on a line of its own, without indentation."""
        first, last = token.map or (self._last_line, self._last_line)
        if self._last_line >= 0:
            self._writer.write("\n\n" if first > self._last_line else "\n")
        self._last_line = last
        if self._quotes and self._quote_start is None:
            self._quote_start = self._writer.offset
        self._writer.write(self._first or ("" if apart else self._indent))
        if apart and self._first:
            self._writer.write("\n")
        self._first = ""

    def _text(self, token: Token, inline: Token) -> None:
        self._tick(inline)
        self._begin(token)
        if token.type == "heading_open":
            self._writer.open("bold")
        write_inline(self._writer, inline.children or (), f"\n{self._indent}")
        if token.type == "heading_open":
            self._writer.close()

    def _tick(self, inline: Token) -> None:
        """A task: its box stands where the mark of the item would."""
        head = inline.children[0] if inline.children else None
        if self._first and head is not None and head.type == "text" and (box := _TASK.match(head.content)):
            self._first = f"{self._first[: -len(self._marks[-1])]}{'☐' if box[1] == ' ' else '☑'} "
            head.content = head.content[box.end() :]

    def _rule(self, token: Token) -> None:
        self._begin(token)
        self._writer.write(_RULE)

    def _code(self, token: Token) -> None:
        content = token.content.removesuffix("\n")
        words = ["latex"] if token.type == "math_block" else token.info.split()
        language = words[0] if words and _LANGUAGE.fullmatch(words[0]) else None
        if content.strip():
            self._pre(token, content, language)

    def _pre(self, token: Token, content: str, language: str | None = None) -> None:
        self._begin(token, apart=True)
        start = self._writer.offset
        self._writer.write(content)
        self._writer.mark("pre", start, language=language)

    def _open_list(self, token: Token) -> None:
        self._numbers.append(int(token.attrGet("start") or 1) if token.type == "ordered_list_open" else None)

    def _close_list(self, _: Token) -> None:
        self._numbers.pop()

    def _open_item(self, token: Token) -> None:
        number = self._numbers[-1]
        if number is None:
            depth = sum(one is None for one in self._numbers)
            mark = f"{_BULLETS[min(depth, len(_BULLETS)) - 1]} "
        else:
            mark = f"{number}{token.markup or '.'} "
            self._numbers[-1] = number + 1
        self._first = (self._first or self._indent) + mark
        self._push(" " * len(mark))

    def _close_item(self, token: Token) -> None:
        if self._first:  # an item without content
            self._begin(token)
        self._pop()

    def _open_quote(self, _: Token) -> None:
        self._quotes += 1
        self._push("│ " if self._quotes > 1 else "")  # Telegram has no quotation within a quotation
        if self._first and self._quotes > 1:
            self._first += "│ "

    def _close_quote(self, _: Token) -> None:
        self._quotes -= 1
        self._pop()
        if not self._quotes and self._quote_start is not None:
            self._writer.mark("blockquote", self._quote_start)
            self._quote_start = None

    def _push(self, mark: str) -> None:
        self._marks.append(mark)
        self._indent += mark

    def _pop(self) -> None:
        self._indent = self._indent.removesuffix(self._marks.pop())

    def _table(self, token: Token, table: Table) -> None:
        rows = [[plain(cell) for cell in row] for row in (table.header, *table.rows)]
        text = aligned(rows, table.right)
        if table.rows and (table.linked or max(map(cell_len, text.split("\n"))) > _WIDEST):
            self._records(token, table)
        else:
            self._pre(token, text)

    def _records(self, token: Token, table: Table) -> None:
        """A table that is too wide, or has links: each row as lines of "header: cell"."""
        self._begin(token)
        for nth, row in enumerate(table.rows):
            self._writer.write(f"\n\n{self._indent}" if nth else "")
            for column, (name, cell) in enumerate(zip(table.header, row, strict=True)):
                if not plain(cell).strip():
                    continue
                label = plain(name).strip()
                self._writer.write(f"\n{self._indent}" if column else "")
                self._writer.write(f"{label}: " if label else "")
                if not column:
                    self._writer.open("bold")
                write_inline(self._writer, cell.children or (), " ")
                if not column:
                    self._writer.close()


_HANDLERS = {
    "hr": Blocks._rule, "fence": Blocks._code, "code_block": Blocks._code, "math_block": Blocks._code,
    "bullet_list_open": Blocks._open_list, "ordered_list_open": Blocks._open_list,
    "bullet_list_close": Blocks._close_list, "ordered_list_close": Blocks._close_list,
    "list_item_open": Blocks._open_item, "list_item_close": Blocks._close_item,
    "blockquote_open": Blocks._open_quote, "blockquote_close": Blocks._close_quote,
}  # fmt: skip
