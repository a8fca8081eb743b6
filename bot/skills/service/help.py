"""`/help`: what can be said here."""

from __future__ import annotations

from collections.abc import Iterable

from bot.domain import Channel, Reply, Turn
from bot.domain.conversation import answers, interpreted
from bot.skills.base import Skill, SkillRequest, Toolbox
from bot.skills.service.base import ServiceSkill, turn_of

_FOR_ADMINS = frozenset({"learn", "pair"})
_ABSENT = {
    Channel.CONSOLE: frozenset({"start", "learn", "pair"}),  # the terminal has `parley kb add` and `parley access`
    Channel.DISCORD: frozenset({"start"}),  # it has no deep links, and lists the commands by itself
}


class HelpSkill(ServiceSkill):
    """The commands of all skills that fit the channel and the person; in groups, how to be heard."""

    name = "help"
    commands = ("help",)

    async def reply(self, request: SkillRequest, tools: Toolbox) -> Reply:
        turn, language = turn_of(request), request.language
        offered = fitting(tools.skills, turn.channel, admin=turn.origin.admin)
        lines = [tools.texts("help-intro", language)]
        lines += [f"- {skill.describe(language, tools.texts)}" for skill in offered]
        text = "\n".join(lines)
        if turn.origin.group:
            text += f"\n\n{await self._in_group(turn, language, tools)}"
        return self.told(text, language)

    async def _in_group(self, turn: Turn, language: str, tools: Toolbox) -> str:
        values = await tools.people.conversation_values(turn.conversation_id)
        if interpreted(values):
            return tools.texts("help-group-translate", language)
        match answers(values):
            case "always":
                return tools.texts("help-group-always", language)
            case "keyword":
                return tools.texts("help-group-keyword", language)
            case _:
                return tools.texts("help-group-mention", language)


def fitting(skills: Iterable[Skill], channel: Channel, *, admin: bool) -> list[Skill]:
    """The skills whose commands make sense on the channel and for the person."""
    left_out = _ABSENT.get(channel, frozenset()) | (frozenset() if admin else _FOR_ADMINS)
    return [skill for skill in skills if skill.name not in left_out]
