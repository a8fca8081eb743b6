"""The skill `classify`: which of the person's own labels fits a text best?"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator

from bot.domain import Event, Failed, Working
from bot.errors import InvalidInput
from bot.ports import Texts
from bot.skills.base import SkillMatch, SkillRequest, Toolbox
from bot.skills.events import say
from bot.skills.generating import caller
from bot.skills.labels import prediction_reply
from bot.skills.parsing import split_at_colon, within_reach

_ASKED = re.compile(
    r"^(?:please )?classify (?:this )?(?:as|into)\s+(?P<en>[^:：]{1,500}?)\s*[:：]\s*(?P<text>.+)$"
    r"|^(?:请)?(?:分类|归类)(?:为|到|成)\s*(?P<zh>[^:：]{1,500}?)\s*[:：]\s*(?P<said>.+)$",
    re.IGNORECASE | re.DOTALL,
)
_OR = re.compile(r",?\s+or\s+|还是|或")
EXAMPLES = "examples"  # the argument for texts by label, as JSON: of the operator alone, from a file
_SEPARATORS = re.compile(r"[,，、]")


def split_labels(text: str) -> list[str]:
    """Labels between commas (of either script), in order, without repeats. Raises InvalidInput for fewer than two."""
    labels = list(dict.fromkeys(label.strip() for label in _SEPARATORS.split(text) if label.strip()))
    if len(labels) < 2:
        raise InvalidInput("Give at least two different labels, with commas between them.", text_id="classify-how")
    return labels


class ClassifySkill:
    """`/classify billing, delivery: Where is my parcel?`, or "Classify as billing or delivery: …"."""

    name = "classify"
    commands = ("classify",)

    def describe(self, language: str, texts: Texts) -> str:
        return texts("help-classify", language)

    def parse(self, rest: str) -> SkillMatch:
        """The labels, a colon and the text; without a text it is what the message quotes, or its file."""
        labels, text = split_at_colon(rest) or (rest, "")
        return SkillMatch(1.0, text, {"labels": ",".join(split_labels(labels))})

    def recognise(self, text: str, language: str) -> SkillMatch | None:
        found = _ASKED.match(text.strip())
        if not found:
            return None
        try:
            labels = split_labels(_OR.sub(",", found["en"] or found["zh"]))
        except InvalidInput:  # one label is no choice: the text means something else
            return None
        return SkillMatch(0.9, (found["text"] or found["said"]).strip(), {"labels": ",".join(labels)})

    async def run(self, request: SkillRequest, tools: Toolbox) -> AsyncGenerator[Event, None]:
        if not request.text:
            yield Failed(tools.texts("classify-how", request.language), InvalidInput.__name__)
            return
        text = within_reach(request)
        labels = split_labels(request.arguments["labels"])
        examples: dict[str, list[str]] = json.loads(request.arguments.get(EXAMPLES, "{}"))
        yield Working("judging")
        classifier = await tools.models.classifier()
        (prediction,) = await classifier.classify([text], labels, examples, caller(request, len(text)))
        for event in say(
            prediction_reply(
                prediction,
                "classify-result",
                prediction.label,
                self.name,
                request.language,
                tools.texts,
                classifier.name,
            )
        ):
            yield event
