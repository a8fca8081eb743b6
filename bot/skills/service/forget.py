"""`/forget`: deletes what a person said and was told, after asking once."""

from __future__ import annotations

from bot.domain import Choice, Reply
from bot.errors import InvalidInput
from bot.skills.base import SkillRequest, Toolbox
from bot.skills.service.base import ServiceSkill, turn_of

_YES = frozenset({"yes", "y", "是", "是的", "确认", "确定"})
_EVERYTHING = frozenset({"everything", "everywhere", "all", "全部", "所有"})


class ForgetSkill(ServiceSkill):
    """`/forget` and `/forget everything` ask; `/forget yes` and `/forget everything yes` do it."""

    name = "forget"
    commands = ("forget",)

    async def reply(self, request: SkillRequest, tools: Toolbox) -> Reply:
        everywhere, sure = _read(request.text)
        if not sure:
            return self._ask(everywhere, request, tools)
        count = await tools.people.forget(turn_of(request), everywhere)
        done = "forget-done-everywhere" if everywhere else "forget-done"
        lines = [tools.texts(done, request.language, count=count), tools.texts("forget-platform", request.language)]
        return self.told(" ".join(lines) if request.language != "zh" else "".join(lines), request.language)

    def _ask(self, everywhere: bool, request: SkillRequest, tools: Toolbox) -> Reply:
        language = request.language
        all_of_it = Choice(tools.texts("forget-everything-label", language), "/forget everything yes")
        if everywhere:
            return self.told(tools.texts("forget-ask-everything", language), language, choices=(all_of_it,))
        ask = "forget-ask-group" if turn_of(request).origin.group else "forget-ask"
        here = Choice(tools.texts("forget-here-label", language), "/forget yes")
        return self.told(tools.texts(ask, language), language, choices=(here, all_of_it))


def _read(words: str) -> tuple[bool, bool]:
    """Whether everything is meant, and whether the person is sure. Raises InvalidInput for other words."""
    said = set(words.casefold().split())
    everywhere, sure = bool(said & _EVERYTHING), bool(said & _YES)
    if said - _EVERYTHING - _YES:
        raise InvalidInput("Write /forget, or /forget everything.", text_id="forget-how")
    return everywhere, sure
