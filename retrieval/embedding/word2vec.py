"""Word2Vec vectors (gensim, the extra `word2vec`): trained on the knowledge base itself, or loaded.

A text is the mean of its words' vectors, each weighted by a / (a + p(word)): rare words count more. Source: Arora et
al., “A Simple but Tough-to-Beat Baseline for Sentence Embeddings”, 2017 (SIF), without its principal component.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retrieval.errors import RetrievalError
from retrieval.language import detect
from retrieval.ports import Use
from retrieval.tokenize import words

if TYPE_CHECKING:
    from retrieval.ports import Vectors

_SIF = 1e-3  # `a` of the paper
_NEEDED = "Word2Vec needs gensim. Run: python -m pip install -c constraints.txt '.[word2vec]'"


class Word2VecEmbedder:
    """An embedder over word vectors. Texts of unknown words alone give rows of zeros.

    Make one with `train` or `load`.
    """

    def __init__(self, vectors: Any, counts: dict[str, int], name: str) -> None:
        """`vectors` are gensim's KeyedVectors; `counts` say how often each word occurred."""
        self._vectors = vectors
        self._counts = counts
        self._total = sum(counts.values()) or 1
        self._name = name

    @classmethod
    def train(cls, texts: Iterable[str], dimension: int = 100, epochs: int = 20, seed: int = 1) -> Word2VecEmbedder:
        """Train skip-gram vectors on texts of any language. The same texts give the same vectors.

        Raises RetrievalError without gensim, or where the texts have too few words.
        """
        word2vec = _gensim()
        sentences = [words(text, detect(text)) for text in texts]
        # Longer names are hashed apart from Python's own hash, which differs between processes.
        model = word2vec.Word2Vec(
            vector_size=dimension, min_count=1, sg=1, window=5, seed=seed, workers=1, epochs=epochs, hashfxn=_hash
        )
        model.build_vocab(sentences)
        if len(model.wv) < 2:
            raise RetrievalError("there are too few words to train Word2Vec on; add documents first.")
        model.train(sentences, total_examples=model.corpus_count, epochs=epochs)
        counts = {word: int(model.wv.get_vecattr(word, "count")) for word in model.wv.index_to_key}
        digest = hashlib.sha256(model.wv.vectors.tobytes()).hexdigest()[:12]
        return cls(model.wv, counts, f"word2vec-{dimension}-{digest}")

    @classmethod
    def load(cls, path: Path) -> Word2VecEmbedder:
        """Read vectors in word2vec's text format (never a pickle), most frequent words first.

        Without counts, Zipf's law gives them. Raises RetrievalError if the file cannot be read.
        """
        _gensim()
        from gensim.models import KeyedVectors

        try:
            vectors = KeyedVectors.load_word2vec_format(str(path), binary=False)
        except (OSError, ValueError, EOFError) as error:
            raise RetrievalError(f"{path} is not a Word2Vec text file; save it in word2vec's text format.") from error
        counts = {word: max(1, 1_000_000 // (place + 1)) for place, word in enumerate(vectors.index_to_key)}
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()[:12]
        return cls(vectors, counts, f"word2vec-{vectors.vector_size}-{digest}")

    def save(self, path: Path) -> None:
        """Write the vectors in word2vec's text format, most frequent words first."""
        self._vectors.save_word2vec_format(str(path), binary=False)

    @property
    def name(self) -> str:
        return self._name

    @property
    def dimension(self) -> int:
        return int(self._vectors.vector_size)

    @property
    def languages(self) -> frozenset[str]:
        return frozenset({"*"})

    def embed(self, texts: Sequence[str], use: Use = "passage") -> Vectors:
        import numpy as np

        rows = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in words(text, detect(text)):
                if word in self._counts:
                    row += self._vectors[word] * (_SIF / (_SIF + self._counts[word] / self._total))
            length = float(np.linalg.norm(row))
            if length > 0:
                row /= length
        return rows


def _gensim() -> Any:
    try:
        from gensim.models import word2vec
    except ImportError as error:
        raise RetrievalError(_NEEDED) from error
    return word2vec


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(str(text).encode(), digest_size=4).digest())
