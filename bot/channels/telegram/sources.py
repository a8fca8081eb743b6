"""The sources of a reply, as a quotation that unfolds when a person taps it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from telegram import MessageEntity

from bot.channels.markup.excerpt import excerpt
from bot.channels.markup.units import utf16
from bot.channels.telegram.inlines import usable
from bot.channels.telegram.markup import LIMIT, MOST_ENTITIES, Rendered, ordered
from bot.channels.telegram.writer import Writer
from bot.domain import Citation
from bot.ports import Texts


def quotation(
    citations: Iterable[Citation], texts: Texts, language: str, limit: int = LIMIT, said: str = ""
) -> Rendered:
    """The citations as an expandable block: a heading, then a line per document with the beginning of its passage,
    unless that passage stands word for word in what was `said`.

    A title is a link where its document has an http(s) address. As many documents as fit into `limit` UTF-16 units;
    an empty text where there is none. Source of the method: Bot API, "expandable_blockquote".
    """
    documents: dict[str, Citation] = {}
    for citation in citations:
        documents.setdefault(citation.document, citation)
    writer = Writer()
    writer.open("bold")
    writer.write(texts("sources", language))
    writer.close()
    shown = 0
    for title, url, text in (_line(citation, said) for citation in documents.values()):
        size = utf16(f"\n• {title}{text}")
        if writer.offset + size > limit or len(writer.entities) + 2 > MOST_ENTITIES:
            continue
        writer.write("\n• ")
        start = writer.offset
        writer.write(title)
        if url:
            writer.mark("text_link", start, url=url)
        writer.write(text)
        shown += 1
    if not shown:
        return Rendered("")
    writer.mark("expandable_blockquote", 0)
    return Rendered(writer.text, ordered(writer.entities))


def with_citations(parts: Sequence[Rendered], block: Rendered, limit: int = LIMIT) -> list[Rendered]:
    """The parts with the block of sources below the last one if it fits there, else as a part of its own."""
    if not block.text:
        return list(parts)
    if parts and utf16(parts[-1].text) + 2 + utf16(block.text) <= limit:
        joined = _below(parts[-1], block)
        if len(joined.entities) <= MOST_ENTITIES:
            return [*parts[:-1], joined]
    return [*parts, block]


def _line(citation: Citation, said: str) -> tuple[str, str | None, str]:
    """The title, its address if it is one, and the excerpt with what leads to it."""
    title = " ".join(citation.title.split()) or citation.document
    text = "" if citation.passage.strip() in said else excerpt(citation.passage)
    url = citation.url if citation.url and usable(citation.url) else None
    return title, url, f": {text}" if text else ""


def _below(part: Rendered, block: Rendered) -> Rendered:
    by = utf16(part.text) + 2
    moved = (MessageEntity(one.type, one.offset + by, one.length, url=one.url) for one in block.entities)
    return Rendered(f"{part.text}\n\n{block.text}", ordered([*part.entities, *moved]))
