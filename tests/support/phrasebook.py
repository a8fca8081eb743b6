"""A translator that knows a few sentences, behind the real care for what must not change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.errors import ModelUnavailable
from bot.ports import Caller, Translator
from models.tasks.translate import FirstAble
from models.tasks.translation.spans import Kind
from tests.support.doubles import NoModels

SENTENCES = [
    {"en": "Good morning!", "zh": "早上好！", "de": "Guten Morgen!"},
    {"en": "When do we meet?", "zh": "我们什么时候见面？", "de": "Wann treffen wir uns?"},
    {"en": "At nine.", "zh": "九点。", "de": "Um neun."},
    {"en": "Look here:", "zh": "看这里：", "de": "Schau mal:"},
]


class Phrasebook:
    """A `UnitTranslator`: what it does not know it writes in brackets. `callers` are who asked."""

    name = "phrasebook"
    by_sentence = True
    copies: frozenset[Kind] = frozenset()

    def __init__(self, languages: Sequence[str] = ("en", "zh", "de")) -> None:
        self._languages = languages
        self.callers: list[Caller] = []

    def supports(self, source: str, target: str) -> bool:
        return source != target and {source, target} <= set(self._languages)

    def fits(self, text: str) -> bool:
        return True

    async def translate_units(
        self, units: Sequence[str], source: str, target: str, terms: Mapping[str, str], caller: Caller
    ) -> list[str]:
        self.callers.append(caller)
        known = {sentence[source]: sentence[target] for sentence in SENTENCES}
        return [known.get(unit, f"[{unit}]") for unit in units]


class TranslatingModels(NoModels):
    """A profile with a phrasebook and nothing else."""

    def __init__(self, languages: Sequence[str] = ("en", "zh", "de")) -> None:
        self.phrasebook = Phrasebook(languages)

    async def translator(self, source: str, target: str) -> Translator:
        if not self.phrasebook.supports(source, target):
            raise ModelUnavailable(f"No model here translates from {source} to {target}.")
        return FirstAble([self.phrasebook])
