"""Where Telegram messages are cut. What always holds is in tests/property/test_splitting.py."""

import pytest

from bot.channels.telegram.markup import Rendered, render
from bot.channels.telegram.split import parts, split


def texts(markdown: str, limit: int) -> list[str]:
    return [part.text for part in split(render(markdown), limit)]


def test_what_fits_stays_whole_to_the_last_unit() -> None:
    assert texts("a" * 100, 100) == ["a" * 100]
    assert texts("😀" * 50, 100) == ["😀" * 50]
    assert texts("😀" * 51, 100) == ["😀" * 50, "😀"]


def test_paragraphs_come_before_lines_lines_before_sentences_sentences_before_words() -> None:
    assert texts("One two. Three.\n\nFour five. Six seven.", 30) == ["One two. Three.", "Four five. Six seven."]
    assert texts("One two. Three.\nFour five. Six seven.", 28) == ["One two. Three.", "Four five. Six seven."]
    assert texts("One two three. Four five six.", 26) == ["One two three.", "Four five six."]
    assert texts("One two three four five six seven.", 30) == ["One two three four five six", "seven."]
    assert texts("我们去公园散步。" * 4, 20) == ["我们去公园散步。" * 2] * 2


def test_a_heading_stays_with_what_it_heads() -> None:
    assert texts("Some words at first.\n\n## Heading\n\nText below.", 38) == [
        "Some words at first.",
        "Heading\n\nText below.",
    ]


def test_cut_code_stays_code_with_its_indentation_and_language() -> None:
    whole = render("```py\ndef one():\n    return 1\n\n    # more\n```")
    cut = split(whole, 30)
    assert [part.text for part in cut] == ["def one():\n    return 1", "    # more"]
    assert [(one.type, one.language, one.offset, one.length) for part in cut for one in part.entities] == [
        ("pre", "py", 0, 23),
        ("pre", "py", 0, 10),
    ]


def test_a_long_address_is_not_cut_where_it_fits() -> None:
    address = f"http://a.example/{'x' * 60}"
    assert texts(f"See there: {address} and more", 80) == ["See there:", address, "and more"]


def test_a_person_of_several_code_points_is_not_cut() -> None:
    assert texts("👩‍👩‍👧" * 10, 20) == ["👩‍👩‍👧" * 2] * 5


def test_a_text_without_anything_to_see_has_no_part() -> None:
    assert split(Rendered("")) == []
    assert split(Rendered(" \u200b\n")) == []


def test_thirty_thousand_characters_with_code_arrive_whole() -> None:
    block = (
        "## Step\n\nDo **this** first, then [that](https://a.example). 然后等待。\n\n```sh\n"
        + "make all\n" * 60
        + "```\n\n"
    )
    whole = parts(block * 40)
    assert len("".join(part.text for part in whole)) > 20_000
    assert sum(part.text.count("make all") for part in whole) == 60 * 40


def test_the_end_of_unfinished_text_is_closed() -> None:
    shown = parts("Take **the shoes", finished=False)
    assert shown == [render("Take **the shoes**")]
    assert [one.type for one in shown[0].entities] == ["bold"]


def test_a_limit_without_room_is_refused() -> None:
    with pytest.raises(ValueError, match="room"):
        split(render("a"), 1)
