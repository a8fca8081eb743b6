"""What a person sees in Telegram of a reply's Markdown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.telegram.markup import Rendered, render


def marked(rendered: Rendered) -> list[tuple[str, str]]:
    """Each entity's type, with its address or language behind a colon, and the text that it covers."""
    data = rendered.text.encode("utf-16-le")
    return [
        (
            ":".join(filter(None, (str(one.type), one.url or one.language))),
            data[2 * one.offset : 2 * (one.offset + one.length)].decode("utf-16-le"),
        )
        for one in rendered.entities
    ]


@pytest.mark.parametrize(
    ("markdown", "text", "entities"),
    [
        ("# Head *it*\n\nText", "Head it\n\nText", [("bold", "Head it"), ("italic", "it")]),
        ("**a *b* c**", "a b c", [("bold", "a b c"), ("italic", "b")]),
        ("~~old~~ ~sub~", "old ~sub~", [("strikethrough", "old")]),
        ("😀 **粗体：**后文", "😀 粗体：后文", [("bold", "粗体：")]),
        ("**a `c` b**", "a c b", [("bold", "a "), ("code", "c"), ("bold", " b")]),
        ("**a **b** c**", "a b c", [("bold", "a b c")]),
        ("[**b** `c`](http://a.b/c?d=1&e)", "b c", [("text_link:http://a.b/c?d=1&e", "b c"), ("bold", "b")]),
        ("<http://a.b>", "http://a.b", [("text_link:http://a.b", "http://a.b")]),
        ("![a picture](http://a.b)", "a picture", [("text_link:http://a.b", "a picture")]),
        ("1. a\n   - b\n\n     c\n2. d", "1. a\n   • b\n\n     c\n2. d", []),
        ("- [ ] open\n- [x] done", "☐ open\n☑ done", []),
        ("- a\n  - b\n    - c", "• a\n  ◦ b\n    ▪ c", []),
        ("> a\n> > b\n> > c\n\nd", "a\n│ b\n│ c\n\nd", [("blockquote", "a\n│ b\n│ c")]),
        ("```py\nx = '😀'\n\n  y\n```\nz", "x = '😀'\n\n  y\nz", [("pre:py", "x = '😀'\n\n  y")]),
        ("1. do\n   ```\n   x\n     y\n   ```", "1. do\nx\n  y", [("pre", "x\n  y")]),
        ("a\n\n---\n\nb", "a\n\n———\n\nb", []),
        (r"so \(x^2\) and $a_1$", "so x^2 and a_1", [("code", "x^2"), ("code", "a_1")]),
        ("$$\na\n+ b\n$$", "a\n+ b", [("pre:latex", "a\n+ b")]),
        ("a<br>b <b>c</b> H<sub>2</sub>O", "a\nb c H2O", [("bold", "c")]),
        ("<b>a <int> *c*</b>", "a <int> c", [("bold", "a <int> c"), ("italic", "c")]),
        ("a\r\nb", "a\nb", []),
    ],
)
def test_markdown_becomes_text_and_entities(markdown: str, text: str, entities: list[tuple[str, str]]) -> None:
    rendered = render(markdown)
    assert rendered.text == text
    assert marked(rendered) == entities


@pytest.mark.parametrize(
    "text",
    [
        "it costs $5 and $6", "US$5 or US$6", "a ** b", "a||b||c", "List<int> and <think>hm</think>",
        "broken **bold and `code", "[no link", "snake_case_name", "Setext\n===", "[1]: http://a.b", "<b>alone",
        "</b> alone", "*a <i>b*", "[js](javascript:x)", "<div>\nblock\n</div>",
    ],
)  # fmt: skip
def test_what_is_no_markup_stays_as_it_is(text: str) -> None:
    shown = render(text)
    assert shown.text == text.replace("*a", "a").replace("b*", "b") if text.startswith("*a") else shown.text == text


def test_an_address_that_telegram_does_not_take_stands_behind_the_text() -> None:
    rendered = render("[a](docs/b.md) [mail](mailto:x@y.z) [x@y.z](mailto:x@y.z) [me](tg://user?id=1) ![p](c.png)")
    assert rendered == Rendered(
        "a (docs/b.md) mail (x@y.z) x@y.z me (tg://user?id=1) p (c.png)"
    )  # no entity: above all none that mentions a person


def test_a_table_stands_in_columns_as_wide_as_its_chinese() -> None:
    rendered = render("| 名称 | n |\n|---|--:|\n| 退货 | 10 |\n| a | **5** |")
    assert rendered.text == "名称 │  n\n─────┼───\n退货 │ 10\na    │  5"
    assert marked(rendered) == [("pre", rendered.text)]


def test_a_wide_table_and_one_with_links_become_lines() -> None:
    rendered = render("| Name | Where |\n|---|---|\n| A | [here](http://a.b) |\n| B | |")
    assert rendered.text == "Name: A\nWhere: here\n\nName: B"
    assert ("text_link:http://a.b", "here") in marked(rendered)
    assert "wide" in render(f"| Name | Text |\n|---|---|\n| A | {'wide ' * 20}|").text.split("\n")[1]


def test_the_digest_tells_links_apart() -> None:
    one, other = render("[a](http://a.b)"), render("[a](http://a.c)")
    assert one.digest != other.digest
    assert one.digest == render("[a](http://a.b)").digest


@pytest.mark.parametrize("markdown", ["", "  \n\n", "```\n```", "```py\n\n```"])
def test_nothing_to_show_is_empty(markdown: str) -> None:
    assert render(markdown) == Rendered("")


_WRAPS = [
    "{}", "**{}**", "# {}", "- {}", "> {}", "`{}`", "```\n{}\n```", "[{}](http://a.b)", "| {} |\n|---|\n| x |",
    "<i>{}</i>", "<x>{}", "**{}", "`{}", "$x^{}$", "$$\n{}\n$$", "~~{}", "![{}](http://a.b)", "1. - > {}",
]  # fmt: skip


@given(st.lists(st.sampled_from(_WRAPS), max_size=12))
def test_no_word_is_left_out(wraps: list[str]) -> None:
    words = [f"word{nth}end" for nth in range(len(wraps))]
    text = render("\n\n".join(wrap.format(word) for wrap, word in zip(wraps, words, strict=True))).text
    assert [text.count(word) for word in words] == [1] * len(words)
