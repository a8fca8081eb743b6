"""How a reply's Markdown is read: CommonMark with tables and strikethrough, made for text that a model writes.

What differs from CommonMark, and why:

- No underlined headings, no link reference definitions and no HTML blocks: each lets a later line change what an
  earlier one looks like, while the text is still being written. They stay as text.
- `**粗体：**后文` is bold, though a sign stands before the mark and a character behind it.
- LaTeX (`\\(…\\)`, `\\[…\\]`, `$$…$$`, and `$…$` that looks like a formula) is kept as it is, as `math` tokens.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

# Scripts that put no spaces between words: their characters stand beside a mark as a space would.
_CJK = re.compile(r"[\u1100-\u11ff\u2e80-\u303f\u3040-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\uff00-\uffef"
                  "\U00020000-\U0003ffff]")  # fmt: skip
_FORMULA = re.compile(
    r"\\\((?P<round>.+?)\\\)|\\\[(?P<square>.+?)\\\]|\$\$(?P<double>[^$]+?)\$\$"
    # One dollar is a price more often than a formula.
    r"|\$(?=\S)(?P<single>[^$\n]*[\\^_=][^$\n]*?|[A-Za-z])(?<=\S)\$(?![\d])",
    re.DOTALL,
)
_BLOCK_ENDS = {"$$": "$$", r"\[": r"\]"}


@cache
def parser() -> MarkdownIt:
    """The parser; it keeps no state between texts."""
    from markdown_it import MarkdownIt  # loaded when the first text is shown

    markdown = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    markdown.disable(["lheading", "reference", "html_block"])
    markdown.inline.ruler.at("emphasis", _emphasis)
    markdown.inline.ruler.before("escape", "math", _inline_math)
    markdown.block.ruler.before("fence", "math_block", _block_math, {"alt": ["paragraph", "blockquote", "list"]})
    return markdown


def parse(markdown: str) -> list[Token]:
    """Tokens with their inline children."""
    return parser().parse(markdown)


def parse_blocks(markdown: str) -> list[Token]:
    """The tokens of blocks alone, with their lines; inline tokens have no children. Faster than `parse`."""
    inline = parser()
    from markdown_it.rules_core import StateCore

    state = StateCore(markdown, inline, {})
    inline.block.parse(state.src, inline, state.env, state.tokens)
    return state.tokens


def plain(inline: Token) -> str:
    """The text of an inline token without its markup; images are their alternative text, breaks are spaces."""
    pieces = []
    for child in inline.children or ():
        if child.type in {"softbreak", "hardbreak"} or child.content.lower() in {"<br>", "<br/>", "<br />"}:
            pieces.append(" ")
        else:
            pieces.append(plain(child) if child.children else child.content)
    return "".join(pieces)


def _emphasis(state: StateInline, silent: bool) -> bool:
    """As markdown-it's own rule, but a CJK character beside the mark counts as a space would."""
    from markdown_it.rules_inline.state_inline import Delimiter

    marker = state.src[state.pos]
    if silent or marker not in "*_":
        return False
    scanned = state.scanDelims(state.pos, marker == "*")
    opens, closes, end = scanned.can_open, scanned.can_close, state.pos + scanned.length
    if marker == "*":
        before = state.src[state.pos - 1] if state.pos else " "
        after = state.src[end] if end < state.posMax else " "
        opens = opens or (not after.isspace() and _CJK.match(before) is not None)
        closes = closes or (not before.isspace() and _CJK.match(after) is not None)
    for _ in range(scanned.length):
        state.push("text", "", 0).content = marker
        state.delimiters.append(
            Delimiter(ord(marker), scanned.length, len(state.tokens) - 1, end=-1, open=opens, close=closes)
        )
    state.pos = end
    return True


def _inline_math(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] not in "$\\":
        return False
    found = _FORMULA.match(state.src, state.pos, state.posMax)
    if found is None or (found["single"] is not None and state.src[state.pos - 1 : state.pos].isalnum()):
        return False
    if not silent:
        token = state.push("math", "", 0)
        token.content = found[found.lastgroup or 0].strip()
        token.markup = found[0]
    state.pos = found.end()
    return True


def _block_math(state: StateBlock, first: int, last: int, silent: bool) -> bool:
    """A formula whose delimiters begin a line and end one; no empty line stands within."""
    if state.is_code_block(first):
        return False
    start = state.bMarks[first] + state.tShift[first]
    mark = state.src[start : start + 2]
    if mark not in _BLOCK_ENDS:
        return False
    for line in range(first, last):
        if state.isEmpty(line) or state.sCount[line] < state.blkIndent:
            return False
        begin = start + 2 if line == first else state.bMarks[line]
        if state.src[begin : state.eMarks[line]].rstrip().endswith(_BLOCK_ENDS[mark]):
            break
    else:
        return False
    content = state.getLines(first, line + 1, state.blkIndent, False).strip()[2:-2].strip()
    if not content or mark in content or _BLOCK_ENDS[mark] in content:
        return False  # several formulas on these lines: they are inline
    if not silent:
        token = state.push("math_block", "", 0)
        token.content, token.map, token.markup, token.block = content, [first, line + 1], mark, True
    state.line = line + 1
    return True
