from functools import cache

from hypothesis import given
from hypothesis import strategies as st

from retrieval.calibrate import confidence
from retrieval.chunking import split
from retrieval.embedding.hashed import HashedEmbedder
from retrieval.fusion import Query, Sight, rank
from retrieval.index.state import IndexState, searchable
from retrieval.tokenize import content_words, words
from tests.unit.retrieval.builders import article, faq


@cache
def state() -> IndexState:
    embedder, made = HashedEmbedder(), IndexState(256)
    documents = [
        faq("returns", "How do I return shoes?", "Send them back within thirty days.", "Can I give shoes back?"),
        faq("hours", "When do you open?", "At nine o'clock."),
        faq("退货", "怎么退货？", "三十天内寄回即可。", language="zh"),
        article("care", "# Care\n\nClean leather with a soft cloth.\n\n# Laundry\n\nWash cotton."),
    ]
    for document in documents:
        passages = split(document)
        made.add([document], zip(passages, embedder.embed([searchable(p) for p in passages]), strict=True))
    return made


@given(
    st.text(max_size=80) | st.sampled_from(["return shoes", "怎么退", "wash leather shoes at nine"]),
    st.sampled_from(Sight),
)
def test_each_document_comes_once_in_order_with_a_likelihood(text: str, sight: Sight) -> None:
    tokens = tuple(words(text))
    query = Query(text, "en", tokens, tuple(content_words(text)), HashedEmbedder().embed([text])[0], sight)
    found, parts = rank(state(), query)
    assert len({one.document_id for one in found}) == len(found)
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    assert all(0 <= confidence(one, query) <= 1 for one in found)
    assert {key for key, _ in (*parts.lexical, *parts.dense)} == {one.document_id for one in found}
    assert sight is not Sight.BLIND or not parts.dense
    for one in found:
        without, _ = rank(state(), query, without_documents=[one.document_id])
        assert one.document_id not in {other.document_id for other in without}
