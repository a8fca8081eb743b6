"""Translation: the first of several translators that can do a pair of languages does it.

translator = FirstAble([Seq2SeqTranslator(folder), ApertiumTranslator()])
(await translator.translate(["你好。"], "zh", "en"))[0].text
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import Mapping, Sequence

from models.errors import EngineFailed
from models.tasks.languages import apertium_pair, unsupported
from models.tasks.translation.careful import WITHOUT_SPACES, UnitTranslator, translate_texts
from models.tasks.translation.glossary import Glossary
from models.tasks.translation.spans import Kind
from models.types import NOBODY, Caller, Translation


class FirstAble:
    """A `Translator`: the first of several that can do a pair does it, with what must not change kept as it is.

    A pair that none can gets a sentence that says what would.
    """

    def __init__(
        self, translators: Sequence[UnitTranslator], advice: str = "", glossary: Glossary | None = None
    ) -> None:
        self._translators = tuple(translators)
        self._advice = advice
        self._glossary = glossary or Glossary()

    @property
    def name(self) -> str:
        return ", ".join(one.name for one in self._translators) or "none"

    def supports(self, source: str, target: str) -> bool:
        return any(one.supports(source, target) for one in self._translators)

    async def translate(
        self, texts: Sequence[str], source: str, target: str, caller: Caller = NOBODY
    ) -> list[Translation]:
        """Translate each text, of any length. Raises UnsupportedLanguage or EngineFailed."""
        for one in self._translators:
            if one.supports(source, target):
                done = await translate_texts(one, texts, source, target, self._glossary, caller)
                return [Translation(text, source, target, one.name) for text in done]
        raise unsupported(source, target, self._advice)


class ApertiumTranslator:
    """A `UnitTranslator` by the language pairs of an installed Apertium (rules; for instance `apertium-eng-spa`)."""

    by_sentence = False
    copies: frozenset[Kind] = frozenset()

    def __init__(self, command: str = "apertium") -> None:
        self._command = shutil.which(command)
        self._pairs: dict[tuple[str, str], str] | None = None

    @property
    def name(self) -> str:
        return "apertium"

    @property
    def installed(self) -> bool:
        return self._command is not None

    def supports(self, source: str, target: str) -> bool:
        return (source, target) in self._list()

    def fits(self, text: str) -> bool:
        return True

    async def translate_units(
        self, units: Sequence[str], source: str, target: str, terms: Mapping[str, str], caller: Caller
    ) -> list[str]:
        """Translate all units in one process, each a paragraph. Raises UnsupportedLanguage or EngineFailed."""
        pair = self._list().get((source, target))
        if pair is None:
            raise unsupported(source, target)
        if not units:
            return []
        # A blank line ends a sentence and whatever rules look ahead.
        written = (await self._run("\n\n".join(" ".join(unit.split()) for unit in units), pair)).split("\n\n")
        if len(written) != len(units):
            raise EngineFailed(f"Apertium lost count of the paragraphs with its pair {pair}. Check it with `apertium`.")
        return written

    async def _run(self, text: str, pair: str) -> str:
        assert self._command is not None
        pipe = asyncio.subprocess.PIPE
        # `-u` leaves out the marks at words that Apertium does not know.
        process = await asyncio.create_subprocess_exec(self._command, "-u", pair, stdin=pipe, stdout=pipe, stderr=pipe)
        try:
            output, _ = await process.communicate(text.encode("utf-8", "replace"))
        except asyncio.CancelledError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            raise
        if process.returncode != 0:
            raise EngineFailed(f"Apertium failed with its pair {pair}. Check it with `apertium -l`.")
        return output.decode("utf-8", "replace").rstrip("\n")

    def _list(self) -> dict[tuple[str, str], str]:
        if self._pairs is None:
            self._pairs = {} if self._command is None else _installed_pairs(self._command)
        return self._pairs


def join_sentences(sentences: Sequence[str], language: str) -> str:
    """Join translated sentences as the language does: with spaces, or without."""
    return ("" if language in WITHOUT_SPACES else " ").join(part for part in (one.strip() for one in sentences) if part)


def _installed_pairs(command: str) -> dict[tuple[str, str], str]:
    import subprocess

    try:
        done = subprocess.run([command, "-l"], capture_output=True, text=True, timeout=20, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return {}
    pairs: dict[tuple[str, str], str] = {}
    for line in done.stdout.split():
        pair = apertium_pair(line)
        if pair is not None:
            pairs.setdefault(pair, line)
    return pairs
