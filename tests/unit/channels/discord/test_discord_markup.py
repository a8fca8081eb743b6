"""A reply's Markdown as Discord shows it, and where its messages are cut."""

import pytest

from bot.channels.discord.markup import convert
from bot.channels.discord.split import parts, split


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("# A\n## B\n### C\n**d** _e_ ~~f~~\n> g", "# A\n## B\n### C\n**d** _e_ ~~f~~\n> g"),
        ("#### Head **b** ##", "**Head b**"),
        ("- ###### Head", "- **Head**"),
        ("![a](http://a.b) ![](http://c.d)", "[a](http://a.b) http://c.d"),
        ("`![a](b)` a || b || c", "`![a](b)` a \\|\\| b \\|\\| c"),
        ("- [ ] a\n- [X] b", "- ☐ a\n- ☑ b"),
        ("a\n\n---\nb", "a\n\n───\nb"),
        (r"\(x^2\) costs $5", "`x^2` costs $5"),
        ("$$\nx\n+ y\n$$", "```latex\nx\n+ y\n```"),
        ("~~~py\na ``` b\n~~~", "```py\na `\u200b`\u200b` b\n```"),
        ("````c++ title=x\n```\n````", "```c++\n`\u200b`\u200b`\n```"),
        ("```py\nopen", "```py\nopen\n```"),
        ("> ~~~\n> a\n> ~~~", "> ```\n> a\n> ```"),
        ("1. a\n   ~~~sh\n   b\n     c\n   ~~~\n2. d", "1. a\n```sh\nb\n  c\n```\n2. d"),
        ("| 名称 | n |\n|---|--:|\n| 退货 | 10 |", "```\n名称 │  n\n─────┼───\n退货 │ 10\n```"),
        ("> | a |\n> |---|\n> | [b](http://c.d) |", "> ```\n> a\n> ──────────────\n> b (http://c.d)\n> ```"),
        ("a<br>b\r\nc", "a\nb\nc"),
    ],
)
def test_what_discord_does_not_have_becomes_what_it_has(markdown: str, shown: str) -> None:
    assert convert(markdown) == shown


def test_converting_twice_changes_nothing_more() -> None:
    once = convert("#### A\n\n~~~py\nx\n~~~\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n- [ ] c\n\n$$\nx\n$$\n\n---")
    assert convert(once) == once


def test_cut_code_is_closed_and_opened_again_in_its_language() -> None:
    code = "\n".join(f"line_{nth} = {nth}" for nth in range(20))
    first, *rest = split(f"Look:\n```py\n{code}\n```\nDone.", 160)
    assert first.startswith("Look:\n```py\nline_0")
    assert first.endswith("\n```")
    assert all(part.startswith("```py\nline_") for part in rest)
    assert rest[-1].endswith("\n```\nDone.")
    assert max(map(len, [first, *rest])) <= 160


def test_code_in_a_quotation_stays_in_it() -> None:
    lines = "\n".join(f"> line_{nth}" for nth in range(30))
    for part in split(f"> ```\n{lines}\n> ```", 128):
        assert all(line.startswith("> ") for line in part.split("\n"))
        assert part.count("> ```") == 2


@pytest.mark.parametrize("length", range(60, 140))
def test_no_part_has_code_without_a_word(length: int) -> None:
    text = f"{'a' * (length - 20)}\n```py\n{'b' * 20}\n\n```\n{'word ' * 20}\n```\nc\n```"
    for part in split(text, 128):
        assert all(inner.strip() for inner in part.split("```")[1::2])
        assert "```py\n" in part or "py" not in part


def test_links_and_bold_words_are_not_cut() -> None:
    text = f"{'word ' * 35}[a link of words](http://a.example/b) and **bold words here** {'word ' * 20}"
    for part in split(text, 200):
        assert part.count("[") == part.count("](")
        assert part.count("**") % 2 == 0


def test_a_heading_stays_with_what_it_heads() -> None:
    text = f"{'word ' * 18}\n\n## Heading\n\n{'text ' * 10}"
    assert split(text, 128)[1].startswith("## Heading\n\ntext")


def test_the_length_is_counted_in_the_stricter_way() -> None:
    assert split("😀" * 1000) == ["😀" * 1000]
    assert split("😀" * 1001) == ["😀" * 1000, "😀"]


def test_the_end_of_unfinished_text_is_closed() -> None:
    assert parts("Take **the shoes", finished=False) == ["Take **the shoes**"]
    assert parts("Run:\n```sh\nmake", finished=False) == ["Run:\n```sh\nmake\n```"]
    assert parts("", finished=False) == []


def test_a_limit_without_room_for_a_fence_is_refused() -> None:
    with pytest.raises(ValueError, match="fence"):
        split("a", 100)
