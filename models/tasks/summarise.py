"""Summaries: written by a generator where it writes the language, otherwise made of the text's own central sentences.

    summary = await Summariser(generator, encoder).summarise(sentences, "en")
    summary.text, summary.extracted     # whether they are the text's own sentences

A long text is summarised piece by piece, and the pieces' summaries together (map and reduce). What is written may be
wrong: the caller checks each sentence against the source. Of a chain of generators some may be too small to write:
those are `unfit`, by name, and where one of them begins to write, the text's own sentences are given.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from models.errors import EngineFailed
from models.ports import Encoder, Generator
from models.tasks.languages import NAMES
from models.tasks.translate import join_sentences
from models.tasks.translation.units import sentence_ends
from models.types import (
    NOBODY,
    Caller,
    ChatMessage,
    Finished,
    FinishReason,
    GenerationRequest,
    Summary,
    TextChunk,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]

_LOG = logging.getLogger(__name__)
_PIECE_TOKENS = 1200  # at most this much at once: small models lose what stands in the middle of more
_TOKENS = 60  # that a sentence of a summary may have
_TEMPLATE = 64  # tokens that a chat template adds, with some to spare
_SHRINKING = 0.8  # summaries longer than this share of their texts do not get anywhere
_AT_ONCE = 4
_DAMPING = 0.85
_REPETITION = 0.5  # how much likeness to a chosen sentence counts against another


class _Unfit(Exception):  # noqa: N818 - never leaves this file
    """A model has begun to write whose text is not wanted."""


@dataclass(frozen=True, slots=True)
class _Order:
    """What is asked of the generator, for the whole text and for its pieces."""

    language: str
    length: int
    caller: Caller
    unfit: Callable[[str], bool]


def nobody_is_unfit(model: str) -> bool:
    return False


class Summariser:
    """Summarises a text given as its sentences. The encoder serves extraction; without it words in common do."""

    def __init__(self, generator: Generator | None = None, encoder: Encoder | None = None) -> None:
        self._generator = generator
        self._encoder = encoder

    async def summarise(
        self,
        sentences: Sequence[str],
        language: str,
        length: int = 3,
        caller: Caller = NOBODY,
        unfit: Callable[[str], bool] = nobody_is_unfit,
    ) -> Summary:
        """Give about `length` sentences; the text's own where no model can write. Raises Overloaded or InvalidWeights,
        and EngineFailed where the encoder fails.
        """
        told = [sentence.strip() for sentence in sentences if sentence.strip()]
        if len(told) <= length:
            return Summary(join_sentences(told, language), True, "none", tuple(range(len(told))))
        if self._generator is not None and self._writes(language):
            try:
                return await self._write(told, _Order(language, length, caller, unfit))
            except _Unfit:
                pass
            except EngineFailed as error:
                _LOG.warning("no model could summarise, so sentences are chosen (%s)", error.reason)
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

    async def _write(self, sentences: Sequence[str], order: _Order) -> Summary:
        """Raises _Unfit."""
        language = order.language
        budget = self._budget(order.length)
        partial = False
        while True:
            pieces = self._pieces(sentences, budget, language)
            if len(pieces) == 1:
                text, name = await self._ask(pieces[0], order)
                return Summary(text, False, name, partial=partial)
            shorter = await self._each(pieces, order)
            if self._tokens(shorter) > _SHRINKING * self._tokens(sentences):
                # The model does not shorten: what is most central of its words goes on, and that is told.
                shorter = self._most_central(shorter, budget, language)
                partial = True
            sentences = shorter

    async def _each(self, pieces: Sequence[str], order: _Order) -> list[str]:
        """The sentences of the pieces' summaries. Some are asked for together: an engine that batches does them so."""
        written: list[tuple[str, str]] = []
        for start in range(0, len(pieces), _AT_ONCE):
            asked = [asyncio.ensure_future(self._ask(piece, order)) for piece in pieces[start : start + _AT_ONCE]]
            try:
                written += await asyncio.gather(*asked)
            finally:  # where one fails, nobody waits for the others
                for one in asked:
                    one.cancel()
        return [text for summary, _ in written for text in _sentences(summary, order.language)]

    def _most_central(self, sentences: Sequence[str], budget: int, language: str) -> list[str]:
        """As many of them as fit, the most central ones, in their order; one at least."""
        parts = [part for sentence in sentences for part in self._parts(sentence, budget)]
        count = max(1, len(parts) * budget // max(1, self._tokens(parts)))
        while True:
            chosen = [parts[index] for index in self._central(parts, language, count)]
            if count == 1 or self._tokens(chosen) + len(chosen) <= budget:
                return chosen
            count -= 1

    def _budget(self, length: int) -> int:
        """Tokens of text that fit beside the question and its answer."""
        assert self._generator is not None
        context = self._generator.context_tokens
        question = self._generator.count_tokens(_question("", "en", length))
        beside = question + min(_TOKENS * length, context // 3) + min(_TEMPLATE, context // 8)
        return max(16, min(_PIECE_TOKENS, context - beside))

    def _tokens(self, sentences: Sequence[str]) -> int:
        assert self._generator is not None
        return sum(map(self._generator.count_tokens, sentences))

    def _pieces(self, sentences: Sequence[str], budget: int, language: str) -> list[str]:
        """Group sentences into pieces within the budget of tokens; one beyond it is spread over several pieces."""
        assert self._generator is not None
        pieces: list[list[str]] = [[]]
        used = 0
        for sentence in (part for whole in sentences for part in self._parts(whole, budget)):
            tokens = self._generator.count_tokens(sentence) + 1  # the space between two
            if used + tokens > budget and pieces[-1]:
                pieces.append([])
                used = 0
            pieces[-1].append(sentence)
            used += tokens
        return [join_sentences(piece, language) for piece in pieces]

    def _parts(self, sentence: str, budget: int) -> list[str]:
        """The sentence, or its halves and their halves until each fits."""
        assert self._generator is not None
        if len(sentence) < 2 or self._generator.count_tokens(sentence) < budget:
            return [sentence]
        middle = len(sentence) // 2
        space = sentence.find(" ", middle)
        cut = space if 0 < space < len(sentence) - 1 else middle
        return [*self._parts(sentence[:cut].strip(), budget), *self._parts(sentence[cut:].strip(), budget)]

    async def _ask(self, text: str, order: _Order) -> tuple[str, str]:
        """What is written, and by which model. Raises _Unfit."""
        assert self._generator is not None
        request = GenerationRequest(
            (ChatMessage("user", _question(text, order.language, order.length)),),
            max_new_tokens=_TOKENS * order.length,
            person=order.caller.person,
            priority=order.caller.priority,
        )
        name = self._generator.name
        pieces: list[str] = []
        cut = False
        async with aclosing(self._generator.stream(request)) as events:
            async for event in events:
                if isinstance(event, TextChunk | Finished):
                    name = event.model or name
                    if order.unfit(name):
                        raise _Unfit
                if isinstance(event, TextChunk):
                    pieces.append(event.text)
                elif isinstance(event, Finished):
                    cut = event.reason is FinishReason.LENGTH
        text = "".join(pieces).strip()
        return (_whole(text, order.language) if cut else text), name


def _question(text: str, language: str, length: int) -> str:
    if language == "zh":
        task = f"请用不超过{length}句话概括下面的文字，只说其中写到的内容。"
    else:
        name = NAMES.get(language, "the text's language")
        task = f"Summarise the text below in {name}, in at most {length} sentences. Say only what the text says."
    return f"{task}\n\n{text}"


def _sentences(text: str, language: str) -> list[str]:
    ends = sentence_ends(text, language) if text else []
    return [text[start:end].strip() for start, end in pairwise([0, *ends]) if text[start:end].strip()]


def _whole(text: str, language: str) -> str:
    """Without the sentence that was broken off at the end, unless there is no other."""
    sentences = _sentences(text, language)
    if len(sentences) < 2 or text[-1:] in ".!?。！？":
        return text
    return join_sentences(sentences[:-1], language)


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
