"""`/pair CODE`: an admin lets a person in who was given a pairing code."""

from __future__ import annotations

from bot.domain import Reply
from bot.skills.base import SkillRequest, Toolbox
from bot.skills.service.base import ServiceSkill, turn_of


class PairSkill(ServiceSkill):
    """Confirms the code for the channel that it is written in."""

    name = "pair"
    commands = ("pair",)

    async def reply(self, request: SkillRequest, tools: Toolbox) -> Reply:
        turn, language = turn_of(request), request.language
        if not turn.origin.admin:
            return self.told(tools.texts("admins-only", language, command=self.name), language)
        if not request.text:
            return self.told(tools.texts("pair-how", language), language)
        person = await tools.people.confirm(turn.channel, request.text)
        if person is None:
            return self.told(tools.texts("pair-unknown", language), language)
        return self.told(tools.texts("pair-done", language, name=person.display_name or person.external_id), language)
