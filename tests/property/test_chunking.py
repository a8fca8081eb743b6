from hypothesis import given
from hypothesis import strategies as st

from retrieval.chunking import sentences, split
from retrieval.types import Document, DocumentKind

LANGUAGES = st.sampled_from(["en", "zh", "de", "ja", "xx"])
TEXTS = st.lists(
    st.one_of(
        st.text(max_size=60),
        st.sampled_from(
            ["# Head\n", "\n\n", "Dr. Smith said so. ", "退货可以吗？", "好。」", "a" * 300, "e.g. this", "😀", "…"]
        ),
    ),
    max_size=12,
).map("".join)


def article(text: str, language: str) -> Document:
    return Document("a", DocumentKind.ARTICLE, "A", text, language, "a.md", "0")


@given(TEXTS, LANGUAGES, st.integers(20, 200))
def test_passages_are_slices_that_cover_all_but_white_space(text: str, language: str, target: int) -> None:
    passages = split(article(text, language), target=target)
    covered = [False] * len(text)
    for ordinal, passage in enumerate(passages):
        assert passage.text == text[passage.start : passage.end]
        assert passage.text.strip()
        assert passage.id == f"a#{ordinal}"
        assert len(passage.text) <= 3 * target
        covered[passage.start : passage.end] = [True] * (passage.end - passage.start)
    assert all(done or text[place].isspace() for place, done in enumerate(covered))


@given(TEXTS, LANGUAGES)
def test_sentences_are_in_order_and_lose_nothing(text: str, language: str) -> None:
    position, left = 0, []
    for start, end in sentences(text, language):
        assert position <= start < end <= len(text)
        left.append(text[position:start])
        position = end
    assert not "".join([*left, text[position:]]).strip()
