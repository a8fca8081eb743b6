"""Whatever a model writes, what is protected comes back: as it was, as often as it was, markup in its order."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from models.tasks.translation.careful import translate_texts
from models.tasks.translation.glossary import Glossary
from models.tasks.translation.spans import Kind, Span, find_spans
from models.tasks.translation.units import cut
from models.types import NOBODY, Caller

PROTECTED = [
    "`ls -l`", "``a ` b``", "https://a.example/x?y=1&z=2#q", "www.shop.cn/a", "ann@shop.example", "@ann_b", "@小明",
    "<@1234567>", "<#99>", "<:wave:123>", "/help", "#news", "{name}", "%s", "🙂", "👍🏽", "👩‍👩‍👧", "🇩🇪", ":)",
    "**", "*", "~~", "<b>", "</b>", "<br/>", "&nbsp;", "[", "](https://a.example/b)", "3.5", "$1,000.50", "17:30",
    "2024-03-05", "100%", "v2.1.3", "ORD-2024-001", "snake_case", "main.py", "iPhone",
]  # fmt: skip
WORDS = [
    "the mug",
    "is red",
    "Open it.",
    "Why?",
    "now",
    "请打开",
    "杯子。",
    "好吗？",
    "re\u0301sume\u0301",
    "QX1",
    "ok",
]


class Garbling:
    """A translator that makes a mess of everything, differently each time: the worst that a model can do."""

    name = "garbling"

    def __init__(self, seed: int, by_sentence: bool, copies: frozenset[Kind], longest: int) -> None:
        self.by_sentence, self.copies, self._longest = by_sentence, copies, longest
        self._chance = random.Random(seed)

    def supports(self, source: str, target: str) -> bool:
        return True

    def fits(self, text: str) -> bool:
        return len(text) <= self._longest

    async def translate_units(
        self, units: Sequence[str], source: str, target: str, terms: Mapping[str, str], caller: Caller
    ) -> list[str]:
        return [self._garbled(unit) for unit in units]

    def _garbled(self, text: str) -> str:
        ways = (
            lambda: text.upper(),
            lambda: text[::-1],
            lambda: " ".join(self._chance.sample(text.split(), len(text.split()))),
            lambda: "".join(self._chance.choice(text) for _ in text),
            lambda: text + " " + text,
            lambda: text[: len(text) // 2],
            lambda: "",
            lambda: "\n\n".join(text.split()),
            lambda: re.sub(r"[^\w\s]", "", text),
            lambda: text,
        )
        return str(self._chance.choice(ways)())


texts = st.lists(
    st.one_of(st.sampled_from(PROTECTED), st.sampled_from(WORDS), st.sampled_from([" ", "\n", "\n\n", ", "])),
    max_size=30,
).flatmap(lambda parts: st.sampled_from([" ".join(parts), "".join(parts)]))


def standing(text: str, spans: Sequence[Span]) -> Counter[str]:
    return Counter({span.shown: text.count(span.shown) for span in spans})


@given(text=texts, seed=st.integers(0, 10_000), source=st.sampled_from(["en", "zh"]), by_sentence=st.booleans(),
       trusted=st.booleans(), longest=st.sampled_from([20, 10_000]))  # fmt: skip
@example(text="**Note:** see <b>this</b>", seed=1, source="en", by_sentence=True, trusted=False, longest=100)
async def test_protected_spans_come_back_unchanged(
    text: str, seed: int, source: str, by_sentence: bool, trusted: bool, longest: int
) -> None:
    copies = frozenset(Kind) if trusted else frozenset()
    garbling = Garbling(seed, by_sentence, copies, longest)
    target = "zh" if source == "en" else "en"
    (done,) = await translate_texts(garbling, [text], source, target)
    pieces = cut(text, source, lambda line: find_spans(line, source), sentences=by_sentence, fits=garbling.fits)
    spans = [span for piece in pieces for span in piece.spans]
    for shown, count in Counter(span.shown for span in spans).items():
        assert done.count(shown) >= count, (shown, done)
    at = 0
    for span in (span for span in spans if span.kind is Kind.MARKUP):
        at = done.find(span.shown, at) + len(span.shown)
        assert at >= len(span.shown), (span, done)
    assert done.count("\n") == sum(piece.text.count("\n") for piece in pieces)


@given(text=texts, seed=st.integers(0, 10_000))
async def test_terms_of_the_glossary_stand_in_the_translation(text: str, seed: int) -> None:
    glossary = Glossary({("en", "zh"): {"mug": "马克杯", "red": "大红"}}, kept=("ok",))
    (done,) = await translate_texts(Garbling(seed, True, frozenset(), 1000), [text], "en", "zh", glossary)
    for span in (s for s in find_spans(text, "en", glossary.terms("en", "zh")) if s.kind is Kind.TERM):
        assert done.count(span.shown) >= 1


@given(text=st.text(max_size=200), language=st.sampled_from(["en", "zh", "ja", "ar"]), sentences=st.booleans(),
       longest=st.sampled_from([1, 7, 1000]))  # fmt: skip
def test_the_pieces_of_a_text_give_the_text(text: str, language: str, sentences: bool, longest: int) -> None:
    pieces = cut(text, language, lambda line: find_spans(line, language), sentences=sentences,
                 fits=lambda unit: len(unit) <= longest)  # fmt: skip
    joined = "".join(piece.text for piece in pieces)
    assert joined == text or " ".join(joined.split()) == " ".join(text.split())  # lines that were wrapped are joined
    for piece in pieces:
        assert [piece.text[span.start : span.end] for span in piece.spans] == [span.text for span in piece.spans]


@given(text=st.text(max_size=300), language=st.sampled_from(["en", "zh"]))
def test_spans_stand_in_order_and_apart(text: str, language: str) -> None:
    spans = find_spans(text, language, {"a": "b", "字": "word"})
    assert all(span.start < span.end and text[span.start : span.end] == span.text for span in spans)
    assert all(one.end <= two.start for one, two in pairwise(spans))


@pytest.mark.parametrize(
    "character", [*list("`<*_[1aA@#/:.{%&~|\\$-"), "`a", "<a", "a1", "a_", "a.", "1.", "<!--", "[]("]
)
def test_no_text_takes_for_ever(character: str) -> None:
    """Patterns that look ahead are bounded: a text made to slow them down is read like any other."""
    find_spans(character * 4000 + "!", "en")
    find_spans(character * 4000 + "!", "zh")


@given(text=texts)
async def test_a_translator_that_changes_nothing_changes_nothing(text: str) -> None:
    class Same(Garbling):
        def _garbled(self, text: str) -> str:
            return text

    (done,) = await translate_texts(Same(0, False, frozenset(), 10_000), [text], "en", "de", caller=NOBODY)
    assert "".join(done.split()) == "".join(text.split())
