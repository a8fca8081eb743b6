"""What a translation must leave as it is, and what it must not take for that."""

from __future__ import annotations

import pytest

from models.tasks.translation.marks import mask, peel
from models.tasks.translation.spans import OPAQUE, find_spans
from models.tasks.translation.units import cut


@pytest.mark.parametrize(
    ("text", "language", "kept"),
    [
        ("Run `ls -l` at https://a.example/x?y=1, ask @ann_b!", "en", ["`ls -l`", "https://a.example/x?y=1", "@ann_b"]),
        ("Nice 👍🏽🙂 :) (see www.a.org/b).", "en", ["👍🏽🙂", ":)", "www.a.org/b"]),
        ("**Bold** and *it*, 5 * 3", "en", ["**", "**", "*", "*", "5", "3"]),
        ("[link](http://x.y/z) <b>hi</b>", "en", ["[", "](http://x.y/z)", "<b>", "</b>"]),
        ("$1,000.50 at 17:30 on 2024-03-05", "en", ["$1,000.50", "17:30", "2024-03-05"]),
        ("3 million, the 1st, 10km", "en", []),  # written otherwise in other languages
        ("v2.1.3, ORD-2024-001, snake_case, GitHub", "en", ["v2.1.3", "ORD-2024-001", "snake_case", "GitHub"]),
        ("30万人，3月5日，下午3点", "zh", []),
        ("见www.x.cn/a。@小明 你好，我用iPhone 15 Pro", "zh", ["www.x.cn/a", "@小明", "iPhone 15 Pro"]),
        ("Hi {name}, %s of <@123> uses /help", "en", ["{name}", "%s", "<@123>", "/help"]),
        ("and/or 1/2 don't_ hello.how", "en", ["1/2", "_"]),
        ("mail a@b.co or read main.py", "en", ["a@b.co", "main.py"]),
    ],
)
def test_what_is_protected(text: str, language: str, kept: list[str]) -> None:
    assert [span.text for span in find_spans(text, language)] == kept


def test_terms_are_whole_words_in_any_case_and_the_longest_wins() -> None:
    terms = {"model": "模型", "language model": "语言模型", "退货": "return"}
    spans = find_spans("A Language Model, models, `model`; 我要退货吗", "en", terms)
    assert [(s.text, s.shown) for s in spans if s.shown != s.text] == [
        ("Language Model", "语言模型"),
        ("退货", "return"),
    ]


def test_marks_stand_apart_from_words_and_markup_is_put_back_without_spaces() -> None:
    text = "**Note:** see `ls` 请看`dir`吧"
    masked = mask(text, find_spans(text, "en"), OPAQUE)
    assert masked.text == "QX1 Note:QX2 see QX3 请看 QX4 吧"
    assert masked.restored("QX1 Hinweis: QX2 siehe qx3 und QX 4 also") == "**Hinweis:** siehe `ls` und `dir` also"


@pytest.mark.parametrize(
    "written",
    [
        "QX1 Hinweis: QX2 siehe QX3",  # one is missing
        "QX1 a QX2 b QX3 c QX4 d QX4",  # one is there twice
        "QX2 Hinweis: QX1 siehe QX3 und QX4",  # closed before it is opened
        "",
    ],
)
def test_a_translation_that_lost_a_mark_is_no_translation(written: str) -> None:
    text = "**Note:** see `ls` 请看`dir`吧"
    assert mask(text, find_spans(text, "en"), OPAQUE).restored(written) is None


def test_marks_are_of_letters_that_the_text_does_not_have() -> None:
    text = "QX1 is `a`"
    assert mask(text, find_spans(text, "en"), OPAQUE).text == "QX1 is ZJ1"


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("@ann Good morning! 🙂", "Good morning!"),
        ("**Good morning!** 🙂", "Good morning!"),
        ("**Good** morning", "**Good** morning"),
        ("`ls` lists files", "`ls` lists files"),
        ("5 mugs, see https://a.example", "5 mugs, see"),
        ("🙂", ""),
    ],
)
def test_what_a_sentence_does_without_is_taken_off_its_ends(text: str, rest: str) -> None:
    before, left, spans, after = peel(text, find_spans(text, "en"))
    assert (before + left + after, left) == (text, rest)
    assert all(left[span.start : span.end] == span.text for span in spans)


def test_a_document_is_cut_into_lines_cells_and_sentences() -> None:
    text = "# Mugs\n\n> - One. Two `a. b`.\n| Name | 3 |\n```py\nx = 1\n```\n1. Last\n"
    pieces = cut(text, "en", lambda line: find_spans(line, "en"), sentences=True, fits=lambda unit: True)
    assert [piece.text for piece in pieces if piece.translate] == ["Mugs", "One. ", "Two `a. b`.", "Name", "Last"]
    assert "".join(piece.text for piece in pieces) == text


def test_lines_that_a_program_wrapped_are_one_sentence() -> None:
    wrapped = "The parcel goes to Norway within seven days, and the customer pays the\nduties. Glass is wrapped.\n"
    pieces = cut(wrapped, "en", lambda line: [], sentences=True, fits=lambda unit: True)
    assert [piece.text for piece in pieces if piece.translate] == [
        "The parcel goes to Norway within seven days, and the customer pays the duties. ",
        "Glass is wrapped.",
    ]
    poem = "Roses are red\nviolets are blue\n"
    assert len([p for p in cut(poem, "en", lambda line: [], sentences=True, fits=bool) if p.translate]) == 2
