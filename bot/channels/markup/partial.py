"""Markdown that is still being written, made presentable: what is open is closed, what is only begun waits."""

from __future__ import annotations

import re

from bot.channels.markup.parser import parse_blocks

# A last line that is a mark alone: of a heading, an item, a quotation, a fence, a rule, a formula.
_BARE = re.compile(
    r"(?:^|\n)[ \t>]*(?:#{1,6}|[-*+=_~`|:]{1,3}|\d{1,9}[.)]?|\$\$?|\\\[?|[-*+][ \t]+\[[ xX]?\]?)?[ \t]*\Z"
)
_BEGUN_FENCE = re.compile(r"(?:^|\n)[ \t>]*(?:[-*+][ \t]+)?(?:`{3,}|~{3,})[^\n`]*\Z")
_BEGUN_LINK = re.compile(r"!?\[([^\[\]\n]*)(?:\](?:\([^()\s]*)?)?\Z")
_TABLE_LINE = re.compile(r"[ \t>]*\|")
_MARKS = re.compile(
    r"\\.|(?P<code>`+)|(?P<mark>\*{1,3}|__|_|~~)|(?P<end>\n[ \t>]*(?=\n)|\n[ \t>]*(?=[-*+] |\d+[.)] |#{1,6} ))"
)


def partial(markdown: str) -> str:
    """Markdown to show while more of it comes.

    All but the last block stays as it is. In the last one, bold, italic, strikethrough and code that are open are
    closed, of a link that is not whole its text is shown, and a mark with nothing behind it (`- `, `##`, the beginning
    of a fence, a line of a table) is left out until its text comes. Empty while there is nothing to show.
    """
    text = markdown.replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    first, last, mark = _last_fence(text)
    if last and last >= len(lines) - (not lines[-1].strip()):
        whole = last - first > 1 and _closes(lines[last - 1], mark)
        return text if whole else _within_fence(lines, first, mark)
    return _closed(_without_begun(text), sum(len(line) + 1 for line in lines[:last]))


def _last_fence(text: str) -> tuple[int, int, str]:
    """Of the last fenced code: its first line, the line behind it (0: there is none), and its mark."""
    for token in reversed(parse_blocks(text) if "```" in text or "~~~" in text else []):
        if token.type == "fence" and token.map:
            return token.map[0], token.map[1], token.markup
    return 0, 0, ""


def _closes(line: str, markup: str) -> bool:
    return re.fullmatch(rf"[ \t>]*{markup[0]}{{{len(markup)},}}[ \t]*", line) is not None


def _within_fence(lines: list[str], first: int, markup: str) -> str:
    """Code: what may become the closing line waits, and so does an opening line that is not whole."""
    last = lines[-1].strip("> \t")
    if len(lines) - 1 == first or (last and set(last) == {markup[0]} and len(last) < len(markup)):
        lines = lines[:-1]
    return "\n".join(lines)


def _without_begun(text: str) -> str:
    lines = text.split("\n")
    if _TABLE_LINE.match(lines[-1]) or (not lines[-1].strip() and len(lines) > 1 and _TABLE_LINE.match(lines[-2])):
        rows = next((n for n, one in enumerate(reversed(lines[:-1])) if not _TABLE_LINE.match(one)), len(lines) - 1)
        # A table is one from its second line on; a line is whole when the next one has begun.
        text = "\n".join(lines[:-1] if rows >= 2 else lines[: len(lines) - 1 - rows])
    for pattern in (_BEGUN_FENCE, _BARE):
        text = pattern.sub("", text)
    return _BEGUN_LINK.sub(lambda link: "" if link[0][0] == "!" else link[1], text)


def _closed(text: str, behind_code: int) -> str:
    """Close what is open in the last paragraph or item, the innermost first."""
    text, ended = text.rstrip(), text.rstrip(" \t").endswith("\n\n")
    if ended:
        return text  # nothing can be closed behind an empty line
    start = max(text.rfind("\n\n") + 1, min(behind_code, len(text)))
    open_marks: list[tuple[str, int]] = []
    code = ""
    for found in _MARKS.finditer(text, start):
        if found["end"] is not None:
            open_marks, code = [], ""
        elif found["code"]:
            code = "" if code == found["code"] else code or found["code"]
        elif found["mark"] and not code:
            _toggle(open_marks, text, found.start(), found["mark"])
    if code:
        text = text.removesuffix(code) if text.endswith(code) else text + code
    for mark, at in reversed(open_marks):
        text = text[:at].rstrip() if at + len(mark) >= len(text) else text.rstrip() + mark
    return text


def _toggle(open_marks: list[tuple[str, int]], text: str, at: int, mark: str) -> None:
    before, after = text[at - 1 : at], text[at + len(mark) : at + len(mark) + 1]
    if any(one == mark for one, _ in open_marks):
        if before.strip():
            while open_marks.pop()[0] != mark:
                pass
    elif (after.strip() or not after) and not (mark[0] == "_" and before.isalnum()):
        open_marks.append((mark, at))
