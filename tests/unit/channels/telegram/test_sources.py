"""The sources below a reply in Telegram."""

from bot.channels.telegram.markup import Rendered, render
from bot.channels.telegram.sources import quotation, with_citations
from bot.channels.telegram.split import split
from bot.domain import Citation
from bot.texts.catalogue import FluentTexts

TEXTS = FluentTexts()


def cite(document: str, passage: str = "Send them back.", url: str | None = None) -> Citation:
    return Citation(document, document.title(), passage, 1.0, url=url)


def test_each_document_is_a_line_with_a_link_and_the_beginning_of_its_passage() -> None:
    block = quotation(
        [
            cite("returns", "# Returns\n\nSend **them** back.", "http://a.b"),
            cite("hours", "At\nnine."),
            cite("returns"),
        ],
        TEXTS,
        "zh",
    )
    assert block.text == "来源\n• Returns: Send them back.\n• Hours: At nine."
    assert [(one.type, one.offset, one.length, one.url) for one in block.entities] == [
        ("expandable_blockquote", 0, len(block.text), None),
        ("bold", 0, 2, None),
        ("text_link", 5, 7, "http://a.b"),
    ]


def test_an_excerpt_ends_with_a_word() -> None:
    line = quotation([cite("a", "many words here " * 40)], TEXTS, "en").text.split("\n")[1]
    assert line.endswith(("words …", "many …", "here …"))
    assert 120 < len(line) < 170


def test_addresses_that_are_no_links_and_empty_passages_do_no_harm() -> None:
    block = quotation([cite("a", "", "docs/a.md"), cite("b", "", "javascript:x")], TEXTS, "en")
    assert block.text == "Sources\n• A\n• B"
    assert [one.type for one in block.entities] == ["expandable_blockquote", "bold"]


def test_only_as_many_documents_as_fit() -> None:
    many = [cite(f"document {nth}", "words " * 40) for nth in range(100)]
    assert 0 < len(quotation(many, TEXTS, "en", 1000).text) <= 1000
    assert quotation(many, TEXTS, "en", 20) == quotation([], TEXTS, "en") == Rendered("")


def test_the_block_goes_below_the_last_part_where_it_fits() -> None:
    block = quotation([cite("returns", url="http://a.b")], TEXTS, "en")
    joined = with_citations([render("**One**"), render("😀 *Two*")], block)
    assert joined[0] == render("**One**")
    assert joined[1].text == f"😀 Two\n\n{block.text}"
    assert [(one.type, one.offset) for one in joined[1].entities] == [
        ("italic", 3),
        ("expandable_blockquote", 8),
        ("bold", 8),
        ("text_link", 18),
    ]


def test_the_block_is_a_part_of_its_own_where_it_does_not_fit() -> None:
    block = quotation([cite("returns")], TEXTS, "en")
    long = split(render("a" * 4090))
    assert with_citations(long, block) == [*long, block]
    crowded = split(render("**b** `c` " * 50))
    assert with_citations(crowded, block) == [*crowded, block]
    assert with_citations([], block) == [block]
    assert with_citations(long, Rendered("")) == long


def test_a_passage_that_was_said_is_not_said_again() -> None:
    passage = cite("returns").passage
    assert passage in quotation([cite("returns")], TEXTS, "en").text
    assert passage not in quotation([cite("returns")], TEXTS, "en", said=f"So: {passage}").text
