"""The skill `sentiment`: positive, neutral or negative, with a probability."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Sequence

from bot.domain import Event, Failed, Outcome, Reply, Role, Working
from bot.domain.mood import feeling_of, mood_after, mood_of
from bot.domain.text import without_command
from bot.ports import SentimentClassifier, Texts
from bot.skills.base import SkillMatch, SkillRequest, Toolbox
from bot.skills.events import say
from bot.skills.generating import caller
from bot.skills.labels import prediction_reply
from bot.skills.parsing import within_reach

LAST = 8  # messages that a conversation's mood is judged by, when it is asked for
CLEAR = 0.2  # less than this either way is no feeling, and no change of it

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
    """`/sentiment I love this shop`; without a text, how the conversation feels."""

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
        said = [] if request.text else _last_said(request)
        if not request.text and not said:
            yield Failed(tools.texts("nothing-to-work-on", request.language), "empty")
            return
        yield Working("judging")
        classifier = await tools.models.sentiment()
        if said:
            for event in say(await self._of_talk(said, classifier, request, tools)):
                yield event
            return
        text = within_reach(request)
        language = tools.languages.detect(text, request.language)
        (prediction,) = await classifier.judge([text], language, caller(request, len(text)))
        shown = tools.texts(f"label-{prediction.label}", request.language)
        for event in say(
            prediction_reply(
                prediction, "sentiment-result", shown, self.name, request.language, tools.texts, classifier.name
            )
        ):
            yield event

    async def _of_talk(
        self, said: Sequence[str], classifier: SentimentClassifier, request: SkillRequest, tools: Toolbox
    ) -> Reply:
        """The mood of the person's last messages, and of the whole conversation where the operator keeps that."""
        feelings = []
        for text in said:
            language = tools.languages.detect(text, request.language)
            (prediction,) = await classifier.judge([text], language, caller(request, len(text)))
            feelings.append(feeling_of(prediction.distribution))
        mood = mood_after(feelings)
        data: dict[str, object] = {"mood": round(mood.now, 3), "trend": round(mood.trend, 3), "messages": mood.messages}
        if request.turn is not None:
            kept = mood_of(await tools.people.conversation_values(request.turn.conversation_id))
            if kept.messages:
                data["conversation"] = {"mood": kept.now, "trend": round(kept.trend, 3), "messages": kept.messages}
        label = "positive" if mood.now > CLEAR else "negative" if mood.now < -CLEAR else "neutral"
        way = "better" if mood.trend > CLEAR / 2 else "worse" if mood.trend < -CLEAR / 2 else "same"
        shown = tools.texts(f"label-{label}", request.language)
        text = tools.texts(f"sentiment-talk-{way}", request.language, label=shown, count=mood.messages)
        return Reply(text, self.name, Outcome.GENERATED, request.language, model=classifier.name, data=data)


def _last_said(request: SkillRequest) -> list[str]:
    said = (without_command(message.text) for message in request.history if message.role is Role.USER)
    return [text for text in said if text.strip()][-LAST:]
