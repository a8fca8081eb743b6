from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("gensim")

from retrieval.embedding.word2vec import Word2VecEmbedder
from retrieval.errors import RetrievalError

TEXTS = ["return the shoes by post", "send the shoes back by post", "the shop opens at nine", "the store opens at nine"]


def test_word_vectors_are_trained_on_the_documents_and_kept(tmp_path: Path) -> None:
    embedder = Word2VecEmbedder.train(TEXTS * 20, dimension=16, epochs=10)
    rows = embedder.embed([*TEXTS, "xyzzy"])
    assert rows.shape == (5, 16)
    assert np.allclose(np.linalg.norm(rows[:4], axis=1), 1, atol=1e-5)
    assert not rows[4].any()
    assert rows[2] @ rows[3] > rows[2] @ rows[0]
    assert Word2VecEmbedder.train(TEXTS * 20, dimension=16, epochs=10).name == embedder.name
    embedder.save(tmp_path / "words.txt")
    assert Word2VecEmbedder.load(tmp_path / "words.txt").embed(TEXTS).shape == (4, 16)


def test_what_cannot_be_trained_or_loaded_is_told(tmp_path: Path) -> None:
    with pytest.raises(RetrievalError, match="too few words"):
        Word2VecEmbedder.train([""])
    (tmp_path / "bad.txt").write_text("not vectors")
    with pytest.raises(RetrievalError, match="text format"):
        Word2VecEmbedder.load(tmp_path / "bad.txt")
