"""A reply's Markdown as Discord shows it: the same Markdown, less what Discord does not have. Pure.

Discord knows headings of three levels, bold, italic, strikethrough, code, quotations, lists and links. Tables become
code in aligned columns, further headings bold lines, images links, LaTeX code, tasks boxes, rules a line; every fence
becomes one of three backticks that is closed, the only one that Discord knows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from bot.channels.markup.parser import parse_blocks, parser, plain
from bot.channels.markup.tables import Table, aligned

if TYPE_CHECKING:
    from markdown_it.token import Token

_LEAD = re.compile(r"(?:[ \t]*(?:>|[-*+]|\d{1,9}[.)])(?=[ \t]|$|(?<=>)))*[ \t]*")
_QUOTE = re.compile(r"(?:[ \t]*>)+[ \t]?|")
_LIST_MARK = re.compile(r"[-*+]|\d{1,9}[.)]")
_LANGUAGE = re.compile(r"[A-Za-z0-9_+.#-]{1,32}")
_TASK = re.compile(r"((?:[-*+]|\d{1,9}[.)])[ \t]+)\[([ xX])\](?=[ \t]+\S)")
_HEADING = re.compile(r"#{4,6}[ \t]+(.*?)(?:[ \t]+#+)?[ \t]*$")
# Code goes by untouched: it comes first.
_INLINE = re.compile(
    r"(?P<code>(?<!`)(`+)(?!`).+?(?<!`)\2(?!`))|(?P<escape>\\[^(\[])"
    r"|!(?P<image>\[(?P<alt>[^\]\n]*)\]\(\s*<?(?P<url>[^)\s>]*)[^)\n]*\))"
    r"|(?P<bars>\|\|)|(?P<break><br\s*/?>)|\\\((?P<round>[^\n]+?)\\\)|\\\[(?P<square>[^\n]+?)\\\]|\$\$(?P<double>[^$\n]+?)\$\$",
    re.IGNORECASE,
)
_COMMAND = re.compile(r"```.*?```|`[^`\n]*`|(?<![\w/.:<@#-])/(?P<command>[a-z]{2,32})(?![\w/.-])", re.DOTALL)
_HIDDEN = "`\u200b`\u200b`"  # three backticks within code would end it


def convert(markdown: str) -> str:
    """Convert Markdown, also broken or unfinished Markdown, to Discord's. What Discord shows alike stays as it is."""
    lines = markdown.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    tokens = parse_blocks("\n".join(lines))
    done: list[str] = []
    line = 0
    for first, last, made in _blocks(tokens, lines):
        if first >= line:
            done += map(_text, lines[line:first])
            done += made
            line = last
    done += map(_text, lines[line:])
    return "\n".join(done)


def with_commands(text: str, commands: Mapping[str, int]) -> str:
    """A text in Discord's Markdown whose slash commands can be clicked, and are shown by the name that they have in the
    reader's language; code stays as it is.

    >>> with_commands("/help or `/help`", {"help": 7})
    '</help:7> or `/help`'
    """

    def linked(found: re.Match[str]) -> str:
        number = commands.get(found["command"] or "")
        return f"</{found['command']}:{number}>" if number else found[0]

    return _COMMAND.sub(linked, text) if commands else text


def _blocks(tokens: Sequence[Token], lines: Sequence[str]) -> Iterator[tuple[int, int, list[str]]]:
    """What replaces the lines of the blocks that Discord has otherwise: (first line, line behind the last, lines)."""
    for nth, token in enumerate(tokens):
        first, last = token.map or (0, 0)
        if token.type in {"fence", "math_block"}:
            info = "latex" if token.type == "math_block" else token.info
            yield first, last, _fence(lines[first], token.content, info)
        elif token.type == "table_open":
            end = next(n for n in range(nth, len(tokens)) if tokens[n].type == "table_close")
            yield first, last, _fence(lines[first], _table(tokens[nth + 1 : end]), "")
        elif token.type == "hr":
            yield first, last, [f"{_QUOTE.match(lines[first])[0]}───"]  # type: ignore[index]
        elif token.type == "code_block":
            yield first, last, list(lines[first:last])  # as it is: Discord shows its indentation


def _fence(line: str, content: str, info: str) -> list[str]:
    """A fence of three backticks, in the quotation that its first line is in."""
    # In a list, Discord shows the indentation of code, and needs none to go on with the numbers behind it.
    quote = _QUOTE.match(line)[0]  # type: ignore[index]
    lead = _LEAD.match(line)[0]  # type: ignore[index]
    lead = lead if _LIST_MARK.search(lead) else quote
    words = info.split()
    language = words[0] if words and _LANGUAGE.fullmatch(words[0]) else ""
    inner = content.removesuffix("\n").replace("```", _HIDDEN).split("\n")
    return [f"{lead}```{language}", *(f"{quote}{one}".rstrip() for one in inner), f"{quote}```"]


def _table(tokens: Sequence[Token]) -> str:
    inline = parser()
    for token in tokens:
        if token.type == "inline" and token.children is not None:
            inline.inline.parse(token.content, inline, {}, token.children)
    table = Table.read(tokens)
    return aligned([[_cell(cell) for cell in row] for row in (table.header, *table.rows)], table.right)


def _cell(inline: Token) -> str:
    """A cell's text; in code there are no links, so an address stands beside its text."""
    addresses = [
        str(child.attrGet("href") or child.attrGet("src"))
        for child in inline.children or ()
        if child.type in {"link_open", "image"}
    ]
    text = plain(inline).replace("\n", " ").strip()
    return " ".join([text, *(f"({one})" for one in addresses if one != text)]).strip()


def _text(line: str) -> str:
    lead = _LEAD.match(line)[0]  # type: ignore[index]
    if heading := _HEADING.fullmatch(line, len(lead)):
        inner = heading[1].replace("**", "").strip()
        line = f"{lead}**{inner}**" if inner else lead.rstrip()
    line = _TASK.sub(lambda task: f"{task[1]}{'☐' if task[2] == ' ' else '☑'}", line, count=1)
    return _INLINE.sub(_inline, line)


def _inline(found: re.Match[str]) -> str:
    if found["image"]:
        url = found["url"]
        return f"[{found['alt']}]({url})" if found["alt"].strip() else url
    if found["bars"]:
        return r"\|\|"  # two would hide what stands between them
    if found["break"]:
        return "\n"
    formula = found["round"] or found["square"] or found["double"]
    return f"`{formula.strip()}`" if formula and "`" not in formula else found[0]
