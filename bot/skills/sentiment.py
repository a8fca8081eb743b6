"""The skill `sentiment`: positive, neutral or negative, with a probability."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator

from bot.domain import Event, Failed, Working
from bot.ports import Texts
from bot.skills.base import SkillMatch, SkillRequest, Toolbox
from bot.skills.events import say
from bot.skills.labels import prediction_reply
from bot.skills.parsing import within_reach

_ASKED = re.compile(
    r"^(?:what(?:'s| is) the (?:sentiment|tone|mood) of|(?:analy[sz]e|judge) the sentiment of"
    r"|sentiment(?= *[:：])|(?:is|was) (?:this|the following)(?: \w+)? "
    r"(?:positive or negative|negative or positive)[?？]?(?= *[:：]))"
    r"\s*[:：]?\s*(?P<en>.+)$"
    r"|^(?:请)?(?:分析|判断)(?:一下)?(?:这句话|下面这句话|下面)?的?(?:情感|情绪)(?:倾向)?\s*[:：]\s*(?P<zh>.+)$"
    r"|^(?:请)?(?:判断)?(?:一下)?(?:这|下面|以下)(?:这)?(?:条|句|段|篇)?(?:评论|评价|话|文字|留言)?"
    r"是?(?:正面还是负面|负面还是正面|好评还是差评)[?？]?\s*[:：]\s*(?P<which>.+)$",
    re.IGNORECASE | re.DOTALL,
)


class SentimentSkill:
    """`/sentiment I love this shop`."""

    name = "sentiment"
    commands = ("sentiment",)

    def describe(self, language: str, texts: Texts) -> str:
        return texts("help-sentiment", language)

    def parse(self, rest: str) -> SkillMatch:
        return SkillMatch(1.0, rest.strip())

    def recognise(self, text: str, language: str) -> SkillMatch | None:
        found = _ASKED.match(text.strip())
        return SkillMatch(0.9, (found["en"] or found["zh"] or found["which"]).strip("\"'“”")) if found else None

    async def run(self, request: SkillRequest, tools: Toolbox) -> AsyncGenerator[Event, None]:
        if not request.text:
            yield Failed(tools.texts("nothing-to-work-on", request.language), "empty")
            return
        text = within_reach(request)
        yield Working("judging")
        classifier = await tools.models.sentiment()
        (prediction,) = await classifier.judge([text], tools.languages.detect(text, request.language))
        shown = tools.texts(f"label-{prediction.label}", request.language)
        for event in say(
            prediction_reply(
                prediction, "sentiment-result", shown, self.name, request.language, tools.texts, classifier.name
            )
        ):
            yield event
