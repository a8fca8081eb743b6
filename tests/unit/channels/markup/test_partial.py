"""Text that is still being written."""

import pytest

from bot.channels.markup.partial import partial


@pytest.mark.parametrize(
    ("begun", "shown"),
    [
        ("a **bo", "a **bo**"),
        ("a *it **bo", "a *it **bo***"),
        ("a `x` **b `c", "a `x` **b `c`**"),
        ("中文**粗", "中文**粗**"),
        ("- **a** b\n- **c", "- **a** b\n- **c**"),
        ("a **", "a"),
        ("a\n\n## ", "a"),
        ("- a\n- ", "- a"),
        ("- a\n- [ ", "- a"),
        ("see [li", "see li"),
        ("see [link](http://x", "see link"),
        ("a ![picture](http://", "a"),
        ("x\n```p", "x"),
        ("x\n```py\na=1\n``", "x\n```py\na=1"),
        ("x\n```py\n**a", "x\n```py\n**a"),
        ("> ```\n> a\n> ``", "> ```\n> a"),
        ("a\n\n| a | b |\n|--", "a"),
        ("a\n\n| a | b |\n|--|--|\n| 1", "a\n\n| a | b |\n|--|--|"),
        ("", ""),
    ],
)
def test_what_is_open_is_closed_and_what_is_only_begun_waits(begun: str, shown: str) -> None:
    assert partial(begun) == shown


@pytest.mark.parametrize(
    "text",
    [
        "a **bold** word", "snake_case and 2 * 3", "3 * 4 * 5", "http://a.b/_x_y", "text with `**`", r"a \*b",
        "x\n```py\n\nb * c **\n```", "x\n```py\n\nb *\n```\nc", "see [link](http://x)", "**never closed\n\nnext",
    ],
)  # fmt: skip
def test_what_is_whole_stays_as_it_is(text: str) -> None:
    assert partial(text) == text
