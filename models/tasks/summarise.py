"""Summaries: written by a generator where it writes the language, otherwise made of the text's own central sentences.

    summary = await Summariser(generator, encoder).summarise(sentences, "en")
    summary.text, summary.extracted     # whether they are the text's own sentences

A long text is summarised piece by piece, and the pieces' summaries together (map and reduce). What is written may be
wrong: the caller checks each sentence against the source.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from models.ports import Encoder, Generator
from models.tasks.languages import NAMES
from models.tasks.translate import join_sentences
from models.types import ChatMessage, GenerationRequest, Summary, TextChunk

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]

_PIECE_TOKENS = 1200  # at most this much at once: small models lose what stands in the middle of more
_DAMPING = 0.85
_REPETITION = 0.5  # how much likeness to a chosen sentence counts against another


class Summariser:
    """Summarises a text given as its sentences. The encoder serves extraction; without it words in common do."""

    def __init__(self, generator: Generator | None = None, encoder: Encoder | None = None) -> None:
        self._generator = generator
        self._encoder = encoder

    async def summarise(self, sentences: Sequence[str], language: str, length: int = 3) -> Summary:
        """Give about `length` sentences. Raises EngineFailed or InvalidWeights."""
        told = [sentence.strip() for sentence in sentences if sentence.strip()]
        if len(told) <= length:
            return Summary(join_sentences(told, language), True, "none", tuple(range(len(told))))
        if self._generator is not None and self._writes(language):
            return Summary(await self._write(told, language, length), False, self._generator.name)
        return await self.extract(told, language, length)

    async def extract(self, sentences: Sequence[str], language: str, length: int = 3) -> Summary:
        """Give the most central sentences in their order."""
        chosen = await asyncio.to_thread(self._central, sentences, language, length)
        name = self._encoder.name if self._encoder is not None else "words in common"
        return Summary(join_sentences([sentences[i] for i in chosen], language), True, name, tuple(chosen))

    def _writes(self, language: str) -> bool:
        assert self._generator is not None
        return bool({"*", language} & self._generator.languages)

    def _central(self, sentences: Sequence[str], language: str, length: int) -> list[int]:
        if self._encoder is not None and {"*", language} & self._encoder.languages:
            vectors = self._encoder.embed(sentences).astype("float64")
        else:
            vectors = letter_vectors(sentences)
        return central_sentences(vectors @ vectors.T, length)

    async def _write(self, sentences: Sequence[str], language: str, length: int) -> str:
        assert self._generator is not None
        budget = min(_PIECE_TOKENS, self._generator.context_tokens // 2)
        while True:
            pieces = self._pieces(sentences, budget, language)
            if len(pieces) == 1:
                return await self._ask(pieces[0], language, length)
            shorter = [await self._ask(piece, language, length) for piece in pieces]
            if sum(map(len, shorter)) >= sum(map(len, sentences)):  # it would never end
                return await self._ask(join_sentences(shorter, language)[: len(pieces[0])], language, length)
            sentences = shorter

    def _pieces(self, sentences: Sequence[str], budget: int, language: str) -> list[str]:
        """Group whole sentences into pieces within the budget of tokens; a sentence beyond it is cut."""
        assert self._generator is not None
        pieces: list[list[str]] = [[]]
        used = 0
        for sentence in sentences:
            tokens = self._generator.count_tokens(sentence)
            if tokens > budget:
                sentence = sentence[: max(1, len(sentence) * budget // tokens)]
                tokens = budget
            if used + tokens > budget and pieces[-1]:
                pieces.append([])
                used = 0
            pieces[-1].append(sentence)
            used += tokens
        return [join_sentences(piece, language) for piece in pieces]

    async def _ask(self, text: str, language: str, length: int) -> str:
        assert self._generator is not None
        if language == "zh":
            task = f"请用不超过{length}句话概括下面的文字，只说其中写到的内容。"
        else:
            name = NAMES.get(language, "the text's language")
            task = f"Summarise the text below in {name}, in at most {length} sentences. Say only what the text says."
        request = GenerationRequest((ChatMessage("user", f"{task}\n\n{text}"),), max_new_tokens=60 * length)
        events = self._generator.stream(request)
        return "".join([event.text async for event in events if isinstance(event, TextChunk)]).strip()


def central_sentences(likeness: Matrix, length: int) -> list[int]:
    """Choose the sentences that are most like all others, and not like one another; gives positions in order.

    `likeness` holds cosines, shape (n, n). LexRank (Erkan and Radev 2004) with maximal marginal relevance.
    """
    import numpy as np

    count = len(likeness)
    links = np.clip(likeness, 0.0, None)
    np.fill_diagonal(links, 0.0)
    totals = links.sum(axis=1, keepdims=True)
    steps = np.where(totals > 0, links / np.where(totals > 0, totals, 1.0), 1.0 / count)
    rank = np.full(count, 1.0 / count)
    for _ in range(50):
        rank = (1 - _DAMPING) / count + _DAMPING * (steps.T @ rank)
    worth = rank / rank.max()
    chosen: list[int] = []
    while len(chosen) < min(length, count):
        against = likeness[:, chosen].max(axis=1) if chosen else np.zeros(count)
        scores = worth - _REPETITION * against
        scores[chosen] = -np.inf
        chosen.append(int(scores.argmax()))
    return sorted(chosen)


def letter_vectors(sentences: Sequence[str]) -> Matrix:
    """Give vectors of letter pairs, weighted by rarity, of length 1: for languages that no encoder here reads."""
    import numpy as np

    pairs = [[text[i : i + 2].lower() for i in range(len(text) - 1)] or [text] for text in sentences]
    index = {pair: at for at, pair in enumerate(sorted({pair for row in pairs for pair in row}))}
    counts = np.zeros((len(sentences), max(len(index), 1)))
    for row, found in enumerate(pairs):
        for pair in found:
            counts[row, index[pair]] += 1
    rarity = np.log((1 + len(sentences)) / (1 + (counts > 0).sum(axis=0))) + 1
    weighted = counts * rarity
    norms = np.linalg.norm(weighted, axis=1, keepdims=True)
    result: Matrix = weighted / np.where(norms > 0, norms, 1.0)
    return result
