"""`/export`: all that is kept of a person, as a file."""

from __future__ import annotations

from bot.domain import Attachment, Reply
from bot.skills.base import SkillRequest, Toolbox
from bot.skills.service.base import ServiceSkill, turn_of


class ExportSkill(ServiceSkill):
    """A JSON file for the person's eyes alone: where others read along and would see it, the way to get it."""

    name = "export"
    commands = ("export",)

    async def reply(self, request: SkillRequest, tools: Toolbox) -> Reply:
        turn, language = turn_of(request), request.language
        # A reply to a Discord interaction can be shown to one person in the midst of others.
        if turn.origin.group and "interaction" not in turn.origin.address:
            return self.told(tools.texts("export-in-group", language), language)
        content = await tools.people.export(turn.user_id)
        attachment = Attachment(f"parley-export-{turn.received_at:%Y-%m-%d}.json", "application/json", content)
        return self.told(tools.texts("export-done", language), language, attachment=attachment)
