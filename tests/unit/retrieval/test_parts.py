"""The two indexes, the embedders and the lexicon."""

import numpy as np
import pytest

from retrieval.embedding.cedict import marked
from retrieval.embedding.hashed import HashedEmbedder
from retrieval.embedding.lexicon import LexiconEmbedder, gloss, gloss_english, to_english
from retrieval.embedding.routed import RoutedEmbedder
from retrieval.index.flat import DenseIndex
from retrieval.lexical.bm25 import LexicalIndex


def test_bm25_finds_rare_words_first_and_forgets_what_is_removed() -> None:
    index = LexicalIndex()
    index.add([("a#0", "a", ["shoe", "return"]), ("b#0", "b", ["shoe", "shine"]), ("b#1", "b", ["shoe", "lace"])])
    assert index.search(["return", "shoe"], 5)[0][0] == "a#0"
    index.remove(["a"])
    assert {key for key, _ in index.search(["return", "shoe"], 5)} == {"b#0", "b#1"}
    assert index.search(["return"], 5) == []


def test_bm25_takes_query_syntax_as_words() -> None:
    index = LexicalIndex()
    index.add([("a#0", "a", ["shoe"])])
    assert index.search(["*", "id:a", "(", "AND", "\\"], 5) == []
    assert index.search([], 5) == []


@pytest.mark.parametrize("half", [False, True])
def test_the_dense_index_adds_removes_and_leaves_zeros_out(half: bool) -> None:
    index = DenseIndex(4, half=half)
    index.add(["a", "b", "c"], np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0]], dtype=np.float32))
    assert len(index) == 2
    assert index.search(np.array([1, 0, 0, 0], dtype=np.float32), 5) == [("a", 1.0), ("b", 0.0)]
    index.remove(["a", "z"])
    assert [key for key, _ in index.search(np.array([1, 0, 0, 0], dtype=np.float32), 5)] == ["b"]
    assert index.search(np.zeros(4, dtype=np.float32), 5) == []


def test_glosses_have_pinyin_and_senses() -> None:
    (word,) = gloss("退货")
    assert (word.word, word.pinyin) == ("退货", "tuì huò")
    assert "to return merchandise" in word.senses
    assert [item.senses for item in gloss("ABC")] == [()]
    assert "".join(item.word for item in gloss("我想退货。")) == "我想退货。"


def test_english_words_have_chinese_senses() -> None:
    water = next(item for item in gloss_english("Cold water") if item.word == "water")
    assert water.senses[0] == "水 (shuǐ)"


def test_common_chinese_words_come_before_rare_ones_each_with_the_reading_of_that_sense() -> None:
    long, good = gloss_english("long good")
    assert long.senses[0] == "长 (cháng)"
    assert good.senses[0] == "好 (hǎo)"


def test_an_english_function_word_is_no_plural() -> None:
    (does,) = gloss_english("does")
    assert not any("雌鹿" in sense for sense in does.senses)


def test_particles_are_read_and_explained_as_particles() -> None:
    *_, le, ma = gloss("坏了吗")
    assert (le.pinyin, le.senses) == ("le", ("completed action marker",))
    assert ma.pinyin == "ma" and "question particle" in ma.senses[0]


@pytest.mark.parametrize(
    ("numbered", "shown"),
    [("lu:4 se4", "lǜ sè"), ("gui4", "guì"), ("dou1", "dōu"), ("xue2 xi2", "xué xí"), ("ma5", "ma"), ("r5", "r")],
)
def test_pinyin_marks_stand_on_the_right_vowel(numbered: str, shown: str) -> None:
    assert marked(numbered) == shown


def test_the_gloss_keeps_what_is_asked_and_drops_particles() -> None:
    assert to_english("怎么退货呢") == "how return goods"
    assert to_english("為什麼沒收到？").startswith("why not receive")
    assert to_english("的了吗") == ""


def test_the_lexicon_carries_chinese_to_english() -> None:
    english = HashedEmbedder(languages=frozenset({"en"}))
    embedder = RoutedEmbedder(english, LexiconEmbedder(english))
    query, same, other, blind = embedder.embed(["怎么退货", "how to return goods", "opening hours", "的了吗"])
    assert query @ same > query @ other
    assert not blind.any()
    assert embedder.languages == {"en", "zh"}
    assert embedder.fluent == {"en"}


def test_a_multilingual_model_takes_all_texts_itself() -> None:
    whole = HashedEmbedder()
    routed = RoutedEmbedder(whole, LexiconEmbedder(HashedEmbedder(languages=frozenset({"en"}))))
    assert np.allclose(routed.embed(["怎么退货"]), whole.embed(["怎么退货"]))


def test_a_language_that_none_reads_gives_zeros() -> None:
    english = HashedEmbedder(languages=frozenset({"en"}))
    assert not RoutedEmbedder(english, LexiconEmbedder(english)).embed(["как вернуть товар обратно"]).any()


def test_embedders_of_different_dimensions_do_not_mix() -> None:
    with pytest.raises(ValueError, match="dimension"):
        RoutedEmbedder(HashedEmbedder(64), HashedEmbedder(32))
