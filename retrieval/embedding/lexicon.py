"""Chinese through a bilingual lexicon: words are glossed in English, and the gloss is embedded by an English model.

A 22-million-parameter English encoder is blind to Chinese; with CC-CEDICT in front of it, it finds Chinese paraphrases
and carries a Chinese question over to English documents.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from retrieval.embedding.cedict import cedict
from retrieval.embedding.service_words import SERVICE_WORDS
from retrieval.language import has_han
from retrieval.ports import Embedder, Use
from retrieval.stopwords import CHINESE, ENGLISH
from retrieval.tokenize import segment, simplify

if TYPE_CHECKING:
    from retrieval.ports import Vectors

_VERSION = 2  # part of the embedder's name: raise it whenever the gloss of any text changes
_SENSES = 2  # senses of a word that go into the gloss
_MAX_WORDS = 6  # of a sense; longer ones explain rather than translate


@dataclass(frozen=True, slots=True)
class GlossedWord:
    """A word of a text with its reading (pinyin with tone marks; empty for English) and its senses.

    Chinese senses carry their own reading: `早上 (zǎo shang)`.
    """

    word: str
    pinyin: str
    senses: tuple[str, ...]


def gloss(text: str) -> list[GlossedWord]:
    """Each word of a Chinese text with pinyin and English senses; other words and punctuation stand with none."""
    return [_as_particle(item) for word in segment(text) for item in _gloss_word(word)]


def _as_particle(item: GlossedWord) -> GlossedWord:
    """In a sentence 吗 asks (ma), and seldom is the colloquial "what?" (má)."""
    entry = cedict().particle(item.word)
    return GlossedWord(item.word, entry.pinyin, entry.senses) if entry else item


def gloss_english(text: str) -> list[GlossedWord]:
    """Each word of an English text with Chinese senses, as far as CC-CEDICT has it as a whole sense."""
    import re

    from retrieval.tokenize import words

    items = []
    for word in re.findall(r"[A-Za-z]+(?:'[a-z]+)?|\d+|[^\sA-Za-z\d]+", text):
        folded = word.casefold()
        # "does" is no plural of "doe".
        forms = (folded,) if folded in ENGLISH else (folded, folded.removesuffix("s"), *words(folded, "en"))
        senses = next((found for form in forms if (found := cedict().reverse(form))), [])
        items.append(GlossedWord(word, "", tuple(f"{chinese} ({pinyin})" for chinese, pinyin in senses)))
    return items


def to_english(text: str) -> str:
    """A Chinese text as a string of English words: no translation, but enough for an English encoder."""
    return " ".join(piece for word in segment(simplify(text)) if (piece := _piece(word)))


def _gloss_word(word: str) -> Iterator[GlossedWord]:
    entry = cedict().look_up(word)
    if entry is not None:
        yield GlossedWord(word, entry.pinyin, entry.senses)
    elif has_han(word) and len(word) > 1:
        for part in _parts(word):
            known = cedict().look_up(part)
            yield GlossedWord(part, known.pinyin if known else "", known.senses if known else ())
    elif not word.isspace():
        yield GlossedWord(word, "", ())


def _parts(word: str) -> list[str]:
    """A word that the dictionary lacks, in the longest pieces that it has, from the left."""
    parts, start = [], 0
    while start < len(word):
        stop = next((end for end in range(len(word), start + 1, -1) if word[start:end] in cedict()), start + 1)
        parts.append(word[start:stop])
        start = stop
    return parts


@lru_cache(maxsize=50_000)
def _piece(word: str) -> str:
    if word in SERVICE_WORDS:
        return SERVICE_WORDS[word]
    if word in CHINESE or word.isspace():
        return ""
    if not has_han(word):
        return word
    pieces = []
    for item in _gloss_word(word):
        if item.word in SERVICE_WORDS or item.word in CHINESE:
            pieces.append(SERVICE_WORDS.get(item.word, ""))
            continue
        short = [sense for sense in item.senses if len(sense.split()) <= _MAX_WORDS] or list(item.senses[:1])
        pieces.append(" ".join(sense.removeprefix("to ") for sense in short[:_SENSES]))
    return " ".join(piece for piece in pieces if piece)


class LexiconEmbedder:
    """Embeds Chinese by its English gloss with the English embedder given, in that embedder's own space."""

    def __init__(self, english: Embedder) -> None:
        self._english = english

    @property
    def name(self) -> str:
        return f"cedict{_VERSION}+{self._english.name}"

    @property
    def dimension(self) -> int:
        return self._english.dimension

    @property
    def languages(self) -> frozenset[str]:
        return frozenset({"zh"})

    def embed(self, texts: Sequence[str], use: Use = "passage") -> Vectors:
        """Rows (n, dimension); zeros for a text whose gloss is empty."""
        import numpy as np

        glosses = [to_english(text) for text in texts]
        known = [i for i, words in enumerate(glosses) if words]
        rows = np.zeros((len(texts), self.dimension), dtype=np.float32)
        if known:
            rows[known] = self._english.embed([glosses[i] for i in known], use)
        return rows
