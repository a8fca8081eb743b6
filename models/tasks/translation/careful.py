"""Long texts through a translator of short ones, with what must not change kept.

A unit is tried up to three times. First the model sees what it copies by itself and marks for the rest; where a span
is then missing, doubled or misplaced, marks for all; where that fails, too, the text between the spans is translated
piece by piece. So every protected span comes back, whatever the model writes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from models.tasks.translation.glossary import Glossary
from models.tasks.translation.marks import Masked, between, mask, peel
from models.tasks.translation.spans import OPAQUE, Kind, Span, find_spans
from models.tasks.translation.units import Piece, cut
from models.types import NOBODY, Caller

WITHOUT_SPACES = frozenset({"zh", "ja", "th", "km", "lo", "my", "bo"})


class UnitTranslator(Protocol):
    """Translates short texts. `by_sentence`: it was made for sentences; else a paragraph says more to it.

    `copies` are kinds of spans that it is trusted to write as they are, when it is asked first.
    """

    @property
    def name(self) -> str: ...

    @property
    def by_sentence(self) -> bool: ...

    @property
    def copies(self) -> frozenset[Kind]: ...

    def supports(self, source: str, target: str) -> bool: ...

    def fits(self, text: str) -> bool:
        """Whether a text is short enough to be translated at once."""
        ...

    async def translate_units(
        self, units: Sequence[str], source: str, target: str, terms: Mapping[str, str], caller: Caller
    ) -> list[str]:
        """Translate each unit, which has no line breaks. `terms` are wishes. Raises EngineFailed."""
        ...


@dataclass(slots=True)
class _Unit:
    """A unit on its way: what stands around it, what is left of it, and its translation once there is one."""

    before: str
    text: str
    spans: tuple[Span, ...]
    after: str
    done: str | None = None
    tries: list[Masked] = field(default_factory=list)


async def translate_texts(
    translator: UnitTranslator,
    texts: Sequence[str],
    source: str,
    target: str,
    glossary: Glossary | None = None,
    caller: Caller = NOBODY,
) -> list[str]:
    """Translate whole texts with one translator. Raises EngineFailed and what else the translator raises."""
    return await _Work(translator, source, target, (glossary or Glossary()).terms(source, target), caller).run(texts)


class _Work:
    def __init__(
        self, translator: UnitTranslator, source: str, target: str, terms: Mapping[str, str], caller: Caller
    ) -> None:
        self._translator = translator
        self._source, self._target = source, target
        self._terms, self._caller = terms, caller

    async def run(self, texts: Sequence[str]) -> list[str]:
        documents = [self._pieces(text) for text in texts]
        units: dict[Piece, _Unit] = {}
        for piece in (piece for document in documents for piece in document if piece.translate):
            if piece not in units:
                units[piece] = _Unit(*peel(piece.text, piece.spans))
        await self._translate(list(units.values()))
        return [self._joined(document, units) for document in documents]

    def _pieces(self, text: str) -> list[Piece]:
        translator = self._translator
        return cut(
            text,
            self._source,
            lambda line: find_spans(line, self._source, self._terms),
            sentences=translator.by_sentence,
            fits=translator.fits,
        )

    async def _translate(self, units: Sequence[_Unit]) -> None:
        """Give each unit its translation, those that failed once in a second and a third way."""
        for unit in units:
            if not any(_has_letters(text) for text, _ in _stretches(unit)):
                unit.done = "".join(f"{text}{span.shown if span else ''}" for text, span in _stretches(unit))
        for hidden in (OPAQUE - self._translator.copies, frozenset(Kind)):
            waiting = [unit for unit in units if unit.done is None and self._is_new(unit, hidden)]
            written = await self._ask([unit.tries[-1].text for unit in waiting])
            for unit, text in zip(waiting, written, strict=True):
                unit.done = unit.tries[-1].restored(text)
        await self._in_pieces([unit for unit in units if unit.done is None])

    @staticmethod
    def _is_new(unit: _Unit, hidden: frozenset[Kind]) -> bool:
        """Whether this way shows the model something else than the way before."""
        masked = mask(unit.text, unit.spans, hidden)
        if unit.tries and unit.tries[-1].text == masked.text:
            return False
        unit.tries.append(masked)
        return True

    async def _in_pieces(self, units: Sequence[_Unit]) -> None:
        """Translate what stands between the spans, which stay where they are."""
        wanted = [text.strip() for unit in units for text, _ in _stretches(unit) if _has_letters(text)]
        written = iter(await self._ask(wanted))
        for unit in units:
            done = ""
            for text, span in _stretches(unit):
                if _has_letters(text):
                    # Where nothing came back, the words stay: none may be lost.
                    new = " ".join(next(written).split()) or text.strip()
                    done = self._beside(done, f"{_space_before(text)}{new}{_space_after(text)}")
                else:
                    done += text
                if span is not None:
                    done = self._beside(done, span.shown)
            unit.done = done

    def _beside(self, done: str, text: str) -> str:
        """Put a text behind another, with a space where the target language wants one and the source has none."""
        spaced = self._source in WITHOUT_SPACES and self._target not in WITHOUT_SPACES
        if spaced and done[-1:].isalnum() and text[:1].isalnum():
            return f"{done} {text}"
        return done + text

    async def _ask(self, units: Sequence[str]) -> list[str]:
        """Translate each different text once."""
        different = list(dict.fromkeys(units))
        if not different:
            return []
        wished = {term: new for term, new in self._terms.items() if any(term.casefold() in u.casefold() for u in units)}
        written = await self._translator.translate_units(different, self._source, self._target, wished, self._caller)
        found = dict(zip(different, written, strict=True))
        return [found[unit] for unit in units]

    def _joined(self, document: Sequence[Piece], units: Mapping[Piece, _Unit]) -> str:
        parts: list[str] = []
        for index, piece in enumerate(document):
            if not piece.translate:
                parts.append(piece.text)
                continue
            unit = units[piece]
            assert unit.done is not None
            following = index + 1 < len(document) and document[index + 1].translate
            parts.append(f"{unit.before}{unit.done}{self._after(unit.after, unit.done, following)}")
        return "".join(parts)

    def _after(self, after: str, done: str, following: bool) -> str:
        """What stands behind a unit: between two sentences as the target language has it."""
        if not following:
            return after
        if self._target in WITHOUT_SPACES:
            return after.rstrip(" ") if after.strip() == "" and not done[-1:].isascii() else after
        return after if after[-1:].isspace() else f"{after} "


def _stretches(unit: _Unit) -> Iterator[tuple[str, Span | None]]:
    return between(unit.text, unit.spans)


def _has_letters(text: str) -> bool:
    return any(character.isalpha() for character in text)


def _space_before(text: str) -> str:
    return text[: len(text) - len(text.lstrip())]


def _space_after(text: str) -> str:
    return text[len(text.rstrip()) :]
