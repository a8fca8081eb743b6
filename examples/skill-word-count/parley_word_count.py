"""A skill for Parley in a package of its own: how long is a text, and how long does it take to read?

>>> count("Tea for two.", sentences=1).words
3
>>> count("我喜欢喝茶。", sentences=1).words
5
"""

from __future__ import annotations

import math
import re
from collections.abc import AsyncGenerator
from dataclasses import asdict, dataclass

from bot.domain import Completed, Event, Failed, Outcome, Reply, TextDelta
from bot.ports import Texts
from bot.skills import SkillMatch, SkillRequest, Toolbox

HAN_PER_MINUTE = 300  # reading silently, as editors commonly reckon
WORDS_PER_MINUTE = 230

_HAN = r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af]"
_UNIT = re.compile(rf"(?P<han>{_HAN})|(?P<word>(?:(?!{_HAN})\w)+(?:['’.,-](?:(?!{_HAN})\w)+)*)")
_ASKED = re.compile(
    r"^(?:how (?:many words (?:are|is|does)|long is)|count the words)[^:：]*[:：]\s*(?P<en>.+)$"
    r"|^(?:请|帮我)?(?:数一下|统计(?:一下)?|算一下)?[^:：]{0,8}(?:多少(?:个)?字|几个字|字数)[^:：]{0,4}[:：]\s*(?P<zh>.+)$",
    re.IGNORECASE | re.DOTALL,
)

# A skill brings its own sentences: Parley's message catalogue knows only Parley's.
_HELP = {
    "en": "/count TEXT — how many words, characters and sentences, and how long to read",
    "zh": "/count 内容 — 统计字数、字符数、句数和阅读时间",
}
_RESULT = {
    "en": "Words: {words} · characters: {characters} · sentences: {sentences} · reading time: about {minutes} min",
    "zh": "字数：{words} · 字符数：{characters} · 句数：{sentences} · 阅读约需 {minutes} 分钟",
}


@dataclass(frozen=True, slots=True)
class Count:
    """`words` counts each Chinese character and each word of other scripts, as word processors do in Chinese.

    `characters` leaves white space out. `minutes` is the reading time, rounded up.
    """

    words: int
    characters: int
    sentences: int
    minutes: int


def count(text: str, sentences: int) -> Count:
    """Measure a text whose sentences are counted already."""
    units = [found.lastgroup for found in _UNIT.finditer(text)]
    han = units.count("han")
    minutes = han / HAN_PER_MINUTE + (len(units) - han) / WORDS_PER_MINUTE
    return Count(len(units), sum(not char.isspace() for char in text), sentences, math.ceil(minutes))


class WordCountSkill:
    """`/count Tea for two.`, or in plain words "How many words are in this: Tea for two."."""

    name = "word_count"
    commands = ("count",)

    def describe(self, language: str, texts: Texts) -> str:
        return _HELP.get(language, _HELP["en"])

    def parse(self, rest: str) -> SkillMatch:
        return SkillMatch(1.0, rest.strip())

    def recognise(self, text: str, language: str) -> SkillMatch | None:
        """Claim a text only where a colon separates the request from what is to be counted."""
        found = _ASKED.match(text.strip())
        return SkillMatch(0.8, (found["en"] or found["zh"]).strip()) if found else None

    async def run(self, request: SkillRequest, tools: Toolbox) -> AsyncGenerator[Event, None]:
        if not request.text:
            yield Failed(self.describe(request.language, tools.texts), "empty")
            return
        sentences = tools.languages.sentences(request.text, request.text_language)
        counted = asdict(count(request.text, len(sentences)))
        text = _RESULT.get(request.language, _RESULT["en"]).format(**counted)
        yield TextDelta(text)
        yield Completed(Reply(text, self.name, Outcome.CURATED, request.language, data=counted))
