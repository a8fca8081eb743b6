"""Lines break between words while a text is written."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from bot.cli.wrap import _PIECE, StreamWrapper

PROSE = st.text(alphabet=st.sampled_from("ab c,.\n语言，。（）“”🙂"), max_size=120)


def wrapped(text: str, width: int, cuts: list[int] | None = None) -> str:
    wrapper, shown, start = StreamWrapper(width), "", 0
    for cut in [*sorted(cuts or []), len(text)]:
        shown += wrapper.feed(text[start:cut])
        start = max(start, cut)
    return shown + wrapper.end()


def test_words_stay_whole() -> None:
    assert wrapped("the imagination can be a reality", 12) == "the\nimagination\ncan be a\nreality"


def test_chinese_breaks_between_characters_but_not_before_its_stops() -> None:
    assert wrapped("大语言模型，很大。", 10) == "大语言模\n型，很大。"


def test_several_closing_marks_fit_into_the_line_with_what_they_close() -> None:
    assert wrapped("改为（standard），再试", 18) == "改为（standard），\n再试"
    assert wrapped("改为（standard），再试", 17) == "改为\n（standard），再\n试"


def test_no_line_ends_with_an_opening_mark() -> None:
    assert wrapped("他说：“好”", 9) == "他说：\n“好”"


def test_the_texts_own_lines_stay() -> None:
    assert wrapped("one\n\n  two", 40) == "one\n\n  two"


@given(PROSE, st.integers(4, 30), st.lists(st.integers(0, 120), max_size=6))
def test_it_does_not_matter_how_the_text_comes(text: str, width: int, cuts: list[int]) -> None:
    assert wrapped(text, width, [min(cut, len(text)) for cut in cuts]) == wrapped(text, width)


@given(PROSE, st.integers(4, 30))
def test_nothing_but_spaces_is_lost_and_lines_fit(text: str, width: int) -> None:
    shown = wrapped(text, width)
    assert "".join(shown.split()) == "".join(text.split())
    for line in shown.split("\n"):
        # A word that is too long stays whole, with its marks.
        assert cell_len(line.rstrip(" ")) <= width or len(_PIECE.findall(line.rstrip(" "))) == 1
