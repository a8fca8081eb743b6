"""Words alone: the order of what scores alike."""

from __future__ import annotations

from retrieval.lexical.bm25 import LexicalIndex


def test_equal_scores_come_in_the_order_of_their_ids_however_they_were_added() -> None:
    for order in (["b", "a", "c"], ["c", "b", "a"]):
        index = LexicalIndex()
        for name in order:  # a segment each
            index.add([(name, f"document {name}", ["parcel", "arrives"])])
        assert [name for name, _ in index.search(["parcel"], 10)] == ["a", "b", "c"]
