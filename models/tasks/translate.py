"""Translation: the first of several translators that can do a pair of languages does it.

translator = FirstAble([Seq2SeqTranslator(folder), ApertiumTranslator()])
(await translator.translate(["你好。"], "zh", "en"))[0].text
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import shutil
from collections.abc import Callable, Sequence

from models.errors import EngineFailed, UnsupportedLanguage
from models.ports import Generator, Translator
from models.tasks.languages import NAMES, apertium_pair
from models.types import ChatMessage, Finished, FinishReason, GenerationRequest, TextChunk, Translation

Split = Callable[[str], Sequence[str]]
_WITHOUT_SPACES = {"zh", "ja", "th", "km", "lo", "my"}
_SENTENCE = re.compile(r".+?(?:[。！？!?]+[”’」』)）]*|\.+[”’)]*(?=\s)|$)\s*", re.DOTALL)


class FirstAble:
    """Asks several translators in turn whether they can; a pair that none can gets a sentence that says what would."""

    def __init__(self, translators: Sequence[Translator], advice: str = "") -> None:
        self._translators = tuple(translators)
        self._advice = advice

    @property
    def name(self) -> str:
        return ", ".join(one.name for one in self._translators) or "none"

    def supports(self, source: str, target: str) -> bool:
        return any(one.supports(source, target) for one in self._translators)

    async def translate(self, texts: Sequence[str], source: str, target: str) -> list[Translation]:
        """Translate each text. Raises UnsupportedLanguage or EngineFailed."""
        for one in self._translators:
            if one.supports(source, target):
                return await one.translate(texts, source, target)
        raise unsupported(source, target, self._advice)


class ApertiumTranslator:
    """Translates with the language pairs of an installed Apertium (rules; for instance `apertium-eng-spa`)."""

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

    async def translate(self, texts: Sequence[str], source: str, target: str) -> list[Translation]:
        """Translate each text in a process of its own. Raises UnsupportedLanguage or EngineFailed."""
        pair = self._list().get((source, target))
        if pair is None:
            raise unsupported(source, target)
        return [Translation(await self._run(text, pair), source, target, f"apertium {pair}") for text in texts]

    async def _run(self, text: str, pair: str) -> str:
        if not text.strip():
            return text
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
        translated = output.decode("utf-8", "replace")
        return translated if text.endswith("\n") else translated.rstrip("\n")

    def _list(self) -> dict[tuple[str, str], str]:
        if self._pairs is None:
            self._pairs = {} if self._command is None else _installed_pairs(self._command)
        return self._pairs


class GenerativeTranslator:
    """Asks a generator that writes both languages, paragraph by paragraph."""

    def __init__(self, generator: Generator) -> None:
        self._generator = generator

    @property
    def name(self) -> str:
        return self._generator.name

    def supports(self, source: str, target: str) -> bool:
        spoken = self._generator.languages
        return source != target and target in NAMES and ("*" in spoken or {source, target} <= spoken)

    async def translate(self, texts: Sequence[str], source: str, target: str) -> list[Translation]:
        """Translate each text. Raises UnsupportedLanguage, ContextTooLong or EngineFailed."""
        if not self.supports(source, target):
            raise unsupported(source, target)
        return [Translation(await self._text(text, target), source, target, self.name) for text in texts]

    async def _text(self, text: str, target: str) -> str:
        parts = re.split(r"(\n+)", text)
        return "".join([part if not part.strip() else await self._paragraph(part, target) for part in parts])

    async def _paragraph(self, text: str, target: str) -> str:
        if target == "zh":
            task = "将以下文本翻译为中文，注意只需要输出翻译后的结果，不要额外解释："
        else:
            task = f"Translate the following segment into {NAMES[target]}, without additional explanation."
        length = self._generator.count_tokens(text)
        request = GenerationRequest(
            (ChatMessage("user", f"{task}\n\n{text.strip()}"),), max_new_tokens=3 * length + 32, repetition_penalty=1.05
        )
        pieces: list[str] = []
        async for event in self._generator.stream(request):
            if isinstance(event, TextChunk):
                pieces.append(event.text)
            elif isinstance(event, Finished) and event.reason is FinishReason.CANCELLED:
                raise EngineFailed("The translation was stopped. Ask again.")
        return "".join(pieces).strip()


def unsupported(source: str, target: str, advice: str = "") -> UnsupportedLanguage:
    """Say which pair cannot be done, and what would do it."""
    pair = f"from {NAMES.get(source, source)} to {NAMES.get(target, target)}"
    help_ = advice or "Choose another model for models.translate."
    return UnsupportedLanguage(f"No model here can translate {pair}. {help_}")


def split_sentences(text: str) -> list[str]:
    """Cut one paragraph into sentences with their following spaces; joined they give the paragraph again."""
    return [match[0] for match in _SENTENCE.finditer(text) if match[0]]


def join_sentences(sentences: Sequence[str], language: str) -> str:
    """Join translated sentences as the language does: with spaces, or without."""
    return ("" if language in _WITHOUT_SPACES else " ").join(
        part for part in (one.strip() for one in sentences) if part
    )


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
